package quickjs

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

//go:embed quickjs.wasm
var program []byte

// Limits of one machine. A page of WebAssembly is 64 kB.
const (
	memoryPages = 4096      // all of the memory that there is: 256 MB
	heapBytes   = 192 << 20 // what QuickJS hands out before it says "out of memory"
	stackBytes  = 512 << 10
	// slack is by how much memory may have grown and still be used again.
	slack = 8 << 20
)

// errBroken means that the WebAssembly program itself came to an end, by a trap
// or a full stack. Its memory is worth nothing then.
var errBroken = errors.New("quickjs: the machine broke")

// machine is one QuickJS in its own linear memory. It belongs to one goroutine.
type machine struct {
	runtime  wazero.Runtime
	compiled wazero.CompiledModule
	module   api.Module
	calls    map[string]api.Function
	memory   context.Context // says where memories lie
	host     host
}

// host is what the program can ask for: the time, a moment to be stopped, and
// the three functions of the harness. It gives nothing else.
type host struct {
	skipped  time.Duration // by timers, which nobody waits for
	deadline time.Duration // of what runs now, in processor time; 0: none
	expired  bool          // it was reached
	printed  bytes.Buffer
	lost     int // bytes printed and not kept
	failed   string
	said     bool // an assertion failed
}

// newMachine compiles the program, or takes it from cache, a folder, if one is
// named.
func newMachine(ctx context.Context, cache string) (*machine, error) {
	config := wazero.NewRuntimeConfigCompiler().WithMemoryLimitPages(memoryPages)
	if cache != "" {
		store, err := wazero.NewCompilationCacheWithDir(cache)
		if err != nil {
			return nil, fmt.Errorf("quickjs: cache: %w", err)
		}
		config = config.WithCompilationCache(store)
	}
	m := &machine{runtime: wazero.NewRuntimeWithConfig(ctx, config)}
	for _, part := range []wazero.HostModuleBuilder{m.env(), m.wasi()} {
		if _, err := part.Instantiate(ctx); err != nil {
			return nil, fmt.Errorf("quickjs: %w", err)
		}
	}
	var err error
	if m.compiled, err = m.runtime.CompileModule(ctx, program); err != nil {
		return nil, fmt.Errorf("quickjs: compile: %w", err)
	}
	if m.memory, err = withMemory(ctx); err != nil {
		return nil, fmt.Errorf("quickjs: memory: %w", err)
	}
	return m, m.fresh(ctx)
}

// fresh replaces the memory by a new one.
func (m *machine) fresh(ctx context.Context) error {
	if m.module != nil {
		m.module.Close(ctx)
	}
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions("_initialize")
	module, err := m.runtime.InstantiateModule(m.memory, m.compiled, config)
	if err != nil {
		return fmt.Errorf("quickjs: instantiate: %w", err)
	}
	m.module, m.calls = module, map[string]api.Function{}
	return nil
}

// begin makes a runtime of QuickJS in fresh memory.
func (m *machine) begin(ctx context.Context) error {
	if r, err := m.call(ctx, "qjs_init"); err != nil || r != 0 {
		return fmt.Errorf("quickjs: no runtime: %w", errors.Join(err, errBroken))
	}
	for name, value := range map[string]uint64{
		"qjs_set_memory_limit": heapBytes, "qjs_set_max_stack_size": stackBytes, "qjs_set_interrupt_handler": 1,
	} {
		if _, err := m.call(ctx, name, value); err != nil {
			return err
		}
	}
	return nil
}

// call runs an exported function. A trap breaks the machine.
func (m *machine) call(ctx context.Context, name string, args ...uint64) (uint64, error) {
	f := m.calls[name]
	if f == nil {
		if f = m.module.ExportedFunction(name); f == nil {
			return 0, fmt.Errorf("quickjs: no function %s", name)
		}
		m.calls[name] = f
	}
	out, err := f.Call(ctx, args...)
	if err != nil {
		return 0, fmt.Errorf("%w: %s", errBroken, name)
	}
	if len(out) == 0 {
		return 0, nil
	}
	return out[0], nil
}

// image is a copy of all memory.
type image []byte

// save copies the memory into old, if that is large enough.
func (m *machine) save(old image) image {
	memory := m.module.Memory()
	view, _ := memory.Read(0, memory.Size())
	return append(old[:0], view...)
}

// restore puts an image back. What was in the memory before is gone.
func (m *machine) restore(ctx context.Context, from image, broken bool) error {
	if broken || int(m.module.Memory().Size()) > len(from)+slack {
		if err := m.fresh(ctx); err != nil {
			return err
		}
	}
	memory := m.module.Memory()
	if missing := (len(from) - int(memory.Size()) + 65535) / 65536; missing > 0 {
		if _, ok := memory.Grow(uint32(missing)); !ok {
			return fmt.Errorf("%w: no memory", errBroken)
		}
	}
	view, ok := memory.Read(0, memory.Size())
	if !ok {
		return errBroken
	}
	clear(view[copy(view, from):])
	return nil
}

// put copies a text into the memory, with a zero byte behind it.
func (m *machine) put(ctx context.Context, text string) (uint64, error) {
	p, err := m.call(ctx, "wasm_malloc", uint64(len(text)+1))
	if err != nil {
		return 0, err
	}
	if p == 0 || !m.module.Memory().WriteString(uint32(p), text+"\x00") {
		return 0, fmt.Errorf("%w: no memory", errBroken)
	}
	return p, nil
}

// longest is how much of a text is taken out of the memory.
const longest = 64 << 10

// text reads a value that is a string, cut to longest bytes.
func (m *machine) text(ctx context.Context, value uint64) (string, error) {
	at, err := m.call(ctx, "wasm_malloc", 4)
	if err != nil || at == 0 {
		return "", errors.Join(err, errBroken)
	}
	p, err := m.call(ctx, "qjs_get_string_len", value, at)
	if err != nil || p == 0 {
		return "", err
	}
	n, _ := m.module.Memory().ReadUint32Le(uint32(at))
	view, ok := m.module.Memory().Read(uint32(p), min(n, longest))
	if !ok {
		return "", errBroken
	}
	text := string(bytes.ToValidUTF8(view, []byte("\uFFFD")))
	if _, err = m.call(ctx, "qjs_free_cstring", p); err == nil {
		_, err = m.call(ctx, "wasm_free", at)
	}
	return text, err
}
