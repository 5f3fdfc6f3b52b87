package quickjs

import (
	"context"
	"crypto/rand"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

const (
	i32 = api.ValueTypeI32
	i64 = api.ValueTypeI64
)

type native = func(ctx context.Context, mod api.Module, stack []uint64)

// nothing answers zero: for what the program asks for and does not get.
func nothing(_ context.Context, _ api.Module, stack []uint64) {
	if len(stack) > 0 {
		stack[0] = 0
	}
}

// refused answers the error EBADF of WASI.
func refused(_ context.Context, _ api.Module, stack []uint64) { stack[0] = 8 }

func export(b wazero.HostModuleBuilder, name string, params, results []api.ValueType, f native) {
	b.NewFunctionBuilder().WithGoModuleFunction(api.GoModuleFunc(f), params, results).Export(name)
}

// env is what the shipped program imports besides WASI. There are no modules
// to load, and times are UTC.
func (m *machine) env() wazero.HostModuleBuilder {
	b, one := m.runtime.NewHostModuleBuilder("env"), []api.ValueType{i32}
	export(b, "host_get_timezone_offset", []api.ValueType{i32, i32}, one, nothing)
	export(b, "host_promise_rejection", []api.ValueType{i32, i32, i32}, nil, nothing)
	export(b, "host_module_normalize", []api.ValueType{i32, i32}, one, nothing)
	export(b, "host_module_load", []api.ValueType{i32, i32}, one, nothing)
	export(b, "host_interrupt", nil, one, m.interrupt)
	export(b, "host_call", []api.ValueType{i32, i32, i32, i32, i32}, one, m.hostCall)
	return b
}

// wasi is the part of WASI that the program imports: a clock and random numbers.
// No file can be opened; what is there to read or write does not exist.
func (m *machine) wasi() wazero.HostModuleBuilder {
	b, one := m.runtime.NewHostModuleBuilder("wasi_snapshot_preview1"), []api.ValueType{i32}
	export(b, "fd_close", one, one, refused)
	export(b, "fd_fdstat_get", []api.ValueType{i32, i32}, one, refused)
	export(b, "fd_seek", []api.ValueType{i32, i64, i32, i32}, one, refused)
	export(b, "fd_write", []api.ValueType{i32, i32, i32, i32}, one, refused)
	export(b, "clock_time_get", []api.ValueType{i32, i64, i32}, one, func(_ context.Context, mod api.Module, stack []uint64) {
		mod.Memory().WriteUint64Le(uint32(stack[2]), uint64(m.host.now().UnixNano()))
		stack[0] = 0
	})
	export(b, "random_get", []api.ValueType{i32, i32}, one, func(_ context.Context, mod api.Module, stack []uint64) {
		if view, ok := mod.Memory().Read(uint32(stack[0]), uint32(stack[1])); ok {
			rand.Read(view)
		}
		stack[0] = 0
	})
	return b
}

func (h *host) now() time.Time { return time.Now().UTC().Add(h.skipped) }

// over tells whether the time is used up.
func (h *host) over() bool {
	if h.deadline == 0 || worked() < h.deadline {
		return false
	}
	h.expired = true
	return true
}

// until gives what runs an amount of processor time, but none after end. With
// 0 there is no limit.
func (h *host) until(d, end time.Duration) {
	h.expired, h.deadline = false, 0
	if d > 0 {
		h.deadline = min(worked()+d, end)
	}
}

// interrupt is asked every few thousand steps, in regular expressions too.
func (m *machine) interrupt(_ context.Context, _ api.Module, stack []uint64) {
	stack[0] = 0
	if m.host.over() {
		stack[0] = 1
	}
}

// Limits of what is printed, in bytes: what is kept, and when a program that
// goes on is stopped.
const (
	keepPrinted = 8 << 10
	mostPrinted = 4 << 20
)

// hostCall is a call of one of the harness's three functions. Their names are
// known to the harness alone; it passes strings and numbers only.
func (m *machine) hostCall(ctx context.Context, mod api.Module, stack []uint64) {
	name, _ := mod.Memory().Read(uint32(stack[0]), uint32(stack[1]))
	argc, argv := uint32(stack[3]), uint32(stack[4])
	stack[0], _ = m.call(ctx, "qjs_get_undefined")
	if argc != 1 {
		return
	}
	arg, _ := mod.Memory().ReadUint32Le(argv)
	text, err := m.text(ctx, uint64(arg))
	if err != nil {
		return
	}
	switch string(name) {
	case "print":
		m.host.print(text)
	case "fail":
		m.host.fail(text)
	case "skip":
		m.host.skip(text)
	}
}

func (h *host) print(text string) {
	room := max(keepPrinted-h.printed.Len(), 0)
	h.printed.WriteString(text[:min(len(text), room)])
	h.lost += max(len(text)-room, 0)
	if h.lost > mostPrinted {
		h.deadline = 1 // the next interrupt ends it
	}
}

func (h *host) fail(text string) {
	if !h.said {
		h.said, h.failed = true, text
	}
}

// skip moves the clock on to a timer's moment instead of waiting for it.
func (h *host) skip(milliseconds string) {
	if d, err := time.ParseDuration(milliseconds + "ms"); err == nil && d > 0 {
		h.skipped += min(d, mostSkipped)
	}
}

// mostSkipped is how far timers may move the clock at once.
const mostSkipped = time.Hour
