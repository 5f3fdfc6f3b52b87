package floors

// room is one package: its folder, what it may import of ours beyond what its floor allows, the modules by others that it
// may use, and what its test files may import besides, ours or others'. Names are separated by spaces; a module covers
// its packages.
type room struct {
	dir     string
	may     string
	modules string
	tests   string
}

// floor is a row of rooms. The rooms of a floor are strangers to each other unless a room says otherwise. On an open
// floor a room may import whatever lies on floors below; on a closed one only what it names.
type floor struct {
	name   string
	closed bool
	rooms  []room
}

// house is the drawing, from the ground up. Import downward only.
var house = []floor{
	{name: "ground: the vault, and files that are content", closed: true, rooms: []room{
		{dir: "vault", may: "vault/keyring vault/journal vault/sabotage", tests: engines + "filippo.io/age github.com/santhosh-tekuri/jsonschema/v6"},
		{dir: "vault/keyring", modules: "filippo.io/age"},
		{dir: "vault/journal", may: "vault/keyring"},
		{dir: "vault/sabotage"},
		{dir: "web"},
		{dir: "web/runner"},
		{dir: "policy"},
		{dir: "courses"},
		{dir: "articles"},
		{dir: "podcasts"},
	}},
	{name: "floor 0: what every feature stands on", closed: true, rooms: []room{
		{dir: "internal/fault"},
		{dir: "internal/db", may: "internal/fault vault", modules: engines + "github.com/pressly/goose/v3"},
		{dir: "internal/job", may: "internal/fault internal/db"},
		{dir: "internal/outbound", may: "internal/fault"},
		{dir: "internal/page", may: "internal/fault web vault/sabotage", modules: "golang.org/x/text golang.org/x/time"},
		{
			dir: "internal/mail", may: "internal/fault internal/db internal/job internal/outbound internal/page vault",
			modules: "github.com/wneessen/go-mail github.com/emersion/go-smtp github.com/emersion/go-msgauth github.com/emersion/go-sasl " +
				"github.com/yuin/goldmark golang.org/x/net golang.org/x/text",
		},
		{dir: "internal/receipt", may: "vault"},
		{dir: "internal/credential", modules: "github.com/piprate/json-gold", tests: "github.com/santhosh-tekuri/jsonschema/v6"},
		{dir: "internal/prove", may: "internal/fault internal/db vault", modules: "golang.org/x/net"},
		{dir: "internal/course"},
		{dir: "internal/course/frontmatter", may: "internal/course", modules: "go.yaml.in/yaml/v3"},
		{
			dir: "internal/course/native", may: "internal/course internal/course/frontmatter",
			tests: "internal/course/render courses internal/check",
		},
		{
			dir: "internal/check", may: "internal/course internal/check/quickjs internal/check/sandbox internal/check/harness web/runner",
		},
		{dir: "internal/check/quickjs", modules: "github.com/tetratelabs/wazero golang.org/x/sys"},
		{dir: "internal/check/sandbox", modules: "golang.org/x/sys"},
		{dir: "internal/check/harness"},
		{dir: "internal/check/frame", may: "web/runner"},
		{
			dir: "internal/check/chrome", may: "internal/check internal/check/frame internal/course", modules: "github.com/chromedp",
			tests: "internal/check/cheats internal/course/freecodecamp",
		},
		{dir: "internal/course/mathml"},
		{dir: "internal/course/asset"},
		{dir: "internal/course/myst", may: "internal/course internal/course/frontmatter internal/course/mathml", tests: "internal/course/render"},
		{dir: "internal/course/freecodecamp", may: "internal/course internal/course/frontmatter internal/course/mathml", tests: "internal/course/render"},
		{
			dir: "internal/course/render", may: "internal/course",
			modules: "github.com/yuin/goldmark github.com/alecthomas/chroma/v2 github.com/microcosm-cc/bluemonday golang.org/x/net golang.org/x/image",
		},
	}},
	{name: "the stair: what a feature is", closed: true, rooms: []room{
		{
			dir: "internal/feature",
			may: "internal/db internal/job internal/mail internal/outbound internal/page internal/prove vault",
		},
	}},
	{name: "floor 1: who is asking", rooms: []room{
		{dir: "internal/account"},
	}},
	{name: "floor 2: features, strangers to each other", rooms: []room{
		{dir: "internal/publish", modules: "golang.org/x/net", tests: "articles podcasts"},
		{dir: "internal/learn"},
		{dir: "internal/search", modules: "golang.org/x/text"},
		{
			dir:     "internal/certificate",
			modules: "codeberg.org/go-pdf/fpdf rsc.io/qr github.com/BurntSushi/toml golang.org/x/image golang.org/x/crypto golang.org/x/text",
		},
		{dir: "internal/project", modules: "github.com/alecthomas/chroma/v2"},
		{dir: "internal/portfolio", modules: "github.com/alecthomas/chroma/v2 github.com/yuin/goldmark golang.org/x/image", tests: "golang.org/x/net"},
	}},
	{name: "floor 3: engines that read declarations, never features", closed: true, rooms: []room{
		{dir: "internal/right", may: groundAndBasics + "internal/account internal/receipt"},
		{dir: "internal/transparency", may: groundAndBasics + "internal/receipt", modules: "golang.org/x/mod"},
		{dir: "internal/promise", may: groundAndBasics + "internal/account policy", modules: "github.com/yuin/goldmark", tests: "web"},
		{dir: "internal/operator", may: groundAndBasics + "internal/account"},
		{
			dir: "internal/backup", may: groundAndBasics,
			modules: "filippo.io/age github.com/klauspost/compress github.com/minio/minio-go/v7 golang.org/x/time",
		},
	}},
	{name: "floor 4: the program", rooms: []room{
		{dir: "internal/app", modules: "filippo.io/age github.com/alecthomas/kong github.com/BurntSushi/toml github.com/prometheus/client_golang golang.org/x/crypto", tests: "github.com/emersion/go-smtp"},
		{dir: "cmd/kept", may: "internal/app", tests: "github.com/rogpeppe/go-internal"},
	}},
}

// beside stands next to the house: packages that help tests. Only test files and each other may import them.
var beside = []room{
	{dir: "vault/vaulttest", may: "vault vault/keyring vault/journal vault/sabotage", modules: "pgregory.net/rapid", tests: engines},
	{dir: "vault/vaulttest/crashfs", may: "vault/keyring vault/journal"},
	{dir: "internal/db/dbtest", may: "internal/db"},
	{dir: "internal/page/pagetest", may: "internal/page internal/fault web", modules: "golang.org/x/net"},
	{dir: "internal/app/apptest", may: "internal/... vault vault/keyring vault/journal vault/sabotage", tests: "github.com/santhosh-tekuri/jsonschema/v6"},
	{dir: "internal/app/forget", may: "internal/... vault vault/keyring vault/journal vault/sabotage", tests: "filippo.io/age"},
	{dir: "internal/scan", modules: "github.com/klauspost/compress"},
	{dir: "internal/check/cheats", may: "internal/check internal/course"},
	{dir: "internal/browser", modules: "github.com/chromedp"},
	{dir: "internal/floors"},
}

// anyTest are the modules that every test file may use.
const anyTest = "pgregory.net/rapid "

// engines are the drivers of the two databases.
const engines = "modernc.org/sqlite github.com/jackc/pgx/v5 "

// groundAndBasics is what the engines of floor 3 read: declarations lie in the vault, all else on floor 0.
const groundAndBasics = "vault vault/keyring vault/journal vault/sabotage internal/fault internal/db internal/job " +
	"internal/outbound internal/page internal/mail internal/prove internal/feature "
