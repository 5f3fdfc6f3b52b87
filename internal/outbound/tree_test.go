package outbound

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Only this package may name what opens a connection or looks up a name.
var mayConnect = []string{"internal/outbound"}

// testOnly are folders that help tests. They may connect to what the tests
// start, and no file of the program may import them.
var testOnly = []string{"internal/browser", "internal/page/pagetest"}

// closedImports are packages whose only use is a way out of their own.
var closedImports = []string{"net/smtp", "net/rpc", "net/rpc/jsonrpc", "log/syslog", "golang.org/x/net/proxy"}

// closedNames are what may not be named, by import path. A final * stands for
// every name that begins so.
var closedNames = map[string][]string{
	"net": {"Dial*", "Dialer", "Lookup*", "Resolver", "DefaultResolver", "ResolveTCPAddr", "ResolveUDPAddr",
		"ResolveIPAddr", "ListenPacket", "ListenUDP", "ListenMulticastUDP", "ListenIP", "FileConn", "FilePacketConn"},
	"net/http":                       {"Get", "Head", "Post", "PostForm", "DefaultClient", "DefaultTransport", "ProxyFromEnvironment"},
	"crypto/tls":                     {"Dial*", "Dialer"},
	"syscall":                        {"Connect", "Sendto", "Sendmsg"},
	"golang.org/x/sys/unix":          {"Connect", "Sendto", "Sendmsg"},
	"github.com/emersion/go-smtp":    {"Dial*", "SendMail*"},
	"github.com/wneessen/go-mail":    {"NewClient", "QuickSend"},
	"github.com/coder/websocket":     {"Dial"},
	"github.com/jackc/pgx/v5/pgconn": {"Connect*"},
}

// onlyPointers are types that may be taken from the gate and handed on, but
// not made.
var onlyPointers = map[string][]string{"net/http": {"Client", "Transport"}}

// mustSet are structs that fall back to a client of their own if the field is
// left out.
var mustSet = map[string]map[string]string{
	"net/http/httputil":                 {"ReverseProxy": "Transport"},
	"golang.org/x/crypto/acme":          {"Client": "HTTPClient"},
	"golang.org/x/crypto/acme/autocert": {"Manager": "Client"},
	"github.com/minio/minio-go/v7":      {"Options": "Transport"},
}

func TestNothingElseOpensConnections(t *testing.T) {
	files := 0
	for name, src := range programFiles(t, "../..") {
		files++
		if slices.Contains(mayConnect, path.Dir(name)) || slices.Contains(testOnly, path.Dir(name)) {
			continue
		}
		found, err := waysOut(name, src)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for _, f := range found {
			t.Errorf("%s; ask the gate of internal/outbound instead", f)
		}
	}
	if files == 0 {
		t.Fatal("no source was read")
	}
}

// programFiles yields the program's Go files: no tests, no test data, no
// module inside the module.
func programFiles(t *testing.T, root string) func(yield func(string, []byte) bool) {
	t.Helper()
	return func(yield func(string, []byte) bool) {
		err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() {
				if name != root && (skipFolder(d.Name()) || isModule(name)) {
					return fs.SkipDir
				}
				return nil
			}
			if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
				return nil
			}
			src, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			rel, err := filepath.Rel(root, name)
			if err == nil && !yield(filepath.ToSlash(rel), src) {
				return fs.SkipAll
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func skipFolder(name string) bool {
	return name == "testdata" || name == "node_modules" || strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_")
}

func isModule(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

// waysOut finds what a file names that would pass the gate.
func waysOut(name string, src []byte) ([]string, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, src, 0)
	if err != nil {
		return nil, err
	}
	c := &checker{fset: fset, imports: make(map[string]string), pointed: make(map[ast.Expr]bool)}
	for _, spec := range file.Imports {
		c.addImport(spec)
	}
	ast.Inspect(file, c.visit)
	return c.found, nil
}

type checker struct {
	fset    *token.FileSet
	imports map[string]string // local name to path
	pointed map[ast.Expr]bool // operands of a star
	found   []string
}

func (c *checker) addImport(spec *ast.ImportSpec) {
	p := strings.Trim(spec.Path.Value, `"`)
	local := path.Base(p)
	if m := strings.TrimPrefix(local, "go-"); m != local {
		local = m // go-smtp is package smtp
	}
	if strings.HasPrefix(local, "v") && strings.Trim(local[1:], "0123456789") == "" {
		local = strings.TrimSuffix(path.Base(path.Dir(p)), "-go") // minio-go/v7 is package minio
	}
	if spec.Name != nil {
		local = spec.Name.Name
	}
	c.imports[local] = p
	if slices.Contains(closedImports, p) || slices.Contains(testOnly, strings.TrimPrefix(p, "kept/")) {
		c.report(spec.Pos(), "imports "+p)
	}
	if local == "." && (closedNames[p] != nil || mustSet[p] != nil) {
		c.report(spec.Pos(), "imports the names of "+p)
	}
}

func (c *checker) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.StarExpr:
		c.pointed[n.X] = true
	case *ast.CompositeLit:
		c.checkLiteral(n)
	case *ast.SelectorExpr:
		c.checkName(n)
	}
	return true
}

func (c *checker) checkName(n *ast.SelectorExpr) {
	p, name := c.imported(n)
	if matches(closedNames[p], name) || slices.Contains(onlyPointers[p], name) && !c.pointed[n] {
		c.report(n.Pos(), "uses "+p+"."+name)
	}
}

func (c *checker) checkLiteral(n *ast.CompositeLit) {
	sel, ok := n.Type.(*ast.SelectorExpr)
	if !ok {
		return
	}
	p, name := c.imported(sel)
	field := mustSet[p][name]
	if field == "" {
		return
	}
	for _, e := range n.Elts {
		if kv, ok := e.(*ast.KeyValueExpr); ok && fmt.Sprint(kv.Key) == field {
			return
		}
	}
	c.report(n.Pos(), "makes "+p+"."+name+" without "+field)
}

// imported resolves pkg.Name; a local variable that has a package's name is
// no package.
func (c *checker) imported(n *ast.SelectorExpr) (path, name string) {
	id, ok := n.X.(*ast.Ident)
	if !ok || id.Obj != nil {
		return "", ""
	}
	return c.imports[id.Name], n.Sel.Name
}

func (c *checker) report(pos token.Pos, what string) {
	c.found = append(c.found, c.fset.Position(pos).String()+" "+what)
}

func matches(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		start, open := strings.CutSuffix(p, "*")
		return name == p || open && strings.HasPrefix(name, start)
	})
}

func TestWaysOutAreFound(t *testing.T) {
	for _, c := range []struct {
		name, imports, body string
		want                int
	}{
		{"default client", `"net/http"`, `http.Get("https://example.org")`, 1},
		{"renamed", `web "net/http"`, `web.Post("", "", nil)`, 1},
		{"literal", `"net/http"`, `_ = &http.Client{}`, 1},
		{"zero value", `"net/http"`, `var c http.Client; _ = c`, 1},
		{"new", `"net/http"`, `_ = new(http.Transport)`, 1},
		{"pointer handed on", `"net/http"`, `var c *http.Client; _ = c`, 0},
		{"server", `"net/http"`, `_ = http.Server{}`, 0},
		{"dial", `"net"`, `net.DialTimeout("tcp", "", 0)`, 1},
		{"dialer", `"net"`, `_ = net.Dialer{}`, 1},
		{"look-up", `"net"`, `net.LookupHost("")`, 1},
		{"resolver", `"net"`, `_ = net.Resolver{}`, 1},
		{"as a value", `"net"`, `f := net.Dial; _ = f`, 1},
		{"listen", `"net"`, `net.Listen("tcp", "")`, 0},
		{"variable of that name", `"net"`, `_ = net.IP{}; { net := thing{}; net.Dial() }`, 0},
		{"tls", `"crypto/tls"`, `tls.DialWithDialer(nil, "", "", nil)`, 1},
		{"smtp of the library", `_ "net/smtp"`, ``, 1},
		{"smtp of a module", `"github.com/emersion/go-smtp"`, `smtp.DialStartTLS("", nil)`, 1},
		{"smtp over the gate", `"github.com/emersion/go-smtp"`, `smtp.NewClient(nil)`, 0},
		{"helper of tests", `_ "kept/internal/browser"`, ``, 1},
		{"dot import", `. "net"`, ``, 1},
		{"certificates by default", `"golang.org/x/crypto/acme/autocert"`, `_ = autocert.Manager{}`, 1},
		{"certificates over the gate", `"golang.org/x/crypto/acme/autocert"`, `_ = autocert.Manager{Client: nil}`, 0},
		{"bucket by default", `"github.com/minio/minio-go/v7"`, `_ = &minio.Options{Secure: true}`, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			src := "package p\nimport " + c.imports + "\nfunc f() {\n" + c.body + "\n}\n"
			found, err := waysOut("p.go", []byte(src))
			if err != nil || len(found) != c.want {
				t.Errorf("found %q, %v; want %d", found, err, c.want)
			}
		})
	}
}
