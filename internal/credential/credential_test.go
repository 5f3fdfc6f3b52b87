package credential

import (
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"maps"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

var noon = time.Date(2027, 3, 14, 12, 0, 0, 0, time.UTC)

// world is an issuer with a list, and a badge of it.
type world struct {
	key    Key
	issuer *Issuer
	bits   Bits
	badge  Badge
	now    time.Time
}

const (
	school   = "did:web:school.example"
	listPath = "https://school.example/certificates/status/1"
)

func newWorld() *world {
	key := NewKey(school, make([]byte, 32))
	return &world{key: key, bits: NewBits(), now: noon.Add(time.Hour),
		issuer: &Issuer{ID: school, Keys: []PublicKey{{ID: key.ID, Key: key.Public(), From: noon.AddDate(-1, 0, 0)}}},
		badge: Badge{ID: "https://school.example/c/7q4m", Issuer: Profile{school, "Harbour Code School", "https://school.example"},
			Achievement: Achievement{ID: "https://school.example/certifications/programs", Name: "Programs", Description: "Reads and writes small programs.", Criteria: "45 lessons.\nTwo projects.", Language: "en"},
			Holder:      Holder{Name: "Noor Halvorsen", Address: HashOf("noor@example.org"), DID: "did:key:" + Multikey(key.Public())},
			Role:        "learner", Evidence: []Evidence{{"https://tides.example.org", "Tide board", "When the harbour can be left."}},
			From: noon, Status: Entry{List: listPath, Index: 4711}}}
}

// forms are the badge signed in both ways.
func (w *world) forms(t testing.TB) map[string][]byte {
	t.Helper()
	jwt, err := w.key.Sign(w.badge.Document(), noon)
	if err != nil {
		t.Fatal(err)
	}
	embedded, err := w.key.Embed(w.badge.Document(), noon)
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{"jwt": []byte(jwt), "embedded": embedded}
}

func (w *world) verifier() Verifier {
	return Verifier{Now: w.now,
		Issuer: func(id string) (*Issuer, bool) { return w.issuer, id == w.issuer.ID },
		List:   func(address string) (*List, error) { return &List{Address: listPath, Bits: w.bits, At: w.now}, nil }}
}

func TestBothFormsSayTheSameAndVerify(t *testing.T) {
	w := newWorld()
	for form, file := range w.forms(t) {
		r := w.verifier().Verify(file)
		if !r.Genuine() || r.Verdict() != Fine {
			t.Fatalf("%s: %v", form, r.Seen)
		}
		if !reflect.DeepEqual(r.Badge, w.badge) {
			t.Errorf("%s says\n%+v, want\n%+v", form, r.Badge, w.badge)
		}
		if len(r.Digest) != ed25519.SignatureSize || !r.Signed.Equal(noon) || r.JWT != (form == "jwt") {
			t.Errorf("%s: %d bytes of signature of %v", form, len(r.Digest), r.Signed)
		}
	}
	if !w.badge.Holder.Address.Fits("noor@example.org") || w.badge.Holder.Address.Fits("noor@example.com") {
		t.Error("the hashed address does not tell its own from another")
	}
}

func TestEachKindOfRefusalHasItsOwnAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		change func(w *world)
		want   Finding
	}{
		"withdrawn":                  {func(w *world) { _ = w.bits.Set(w.badge.Status.Index) }, Withdrawn},
		"another one is withdrawn":   {func(w *world) { _ = w.bits.Set(w.badge.Status.Index + 1) }, Fine},
		"run out":                    {func(w *world) { w.badge.Until = noon.Add(time.Minute) }, Expired},
		"not begun":                  {func(w *world) { w.now = noon.Add(-time.Minute) }, NotYet},
		"issuer unknown":             {func(w *world) { w.badge.Issuer.ID = "did:web:other.example" }, UnknownIssuer},
		"key unknown":                {func(w *world) { w.issuer.Keys[0].ID += "x" }, UnknownKey},
		"key of somebody else":       {func(w *world) { w.issuer.Keys[0].Key = NewKey(school, []byte(strings.Repeat("k", 32))).Public() }, Changed},
		"key stolen":                 {func(w *world) { w.issuer.Keys[0].Revoked = noon.AddDate(0, 1, 0) }, KeyRevoked},
		"key put away before":        {func(w *world) { w.issuer.Keys[0].Until = noon.Add(-time.Hour) }, KeyNotInUse},
		"key not there yet":          {func(w *world) { w.issuer.Keys[0].From = noon.Add(time.Hour) }, KeyNotInUse},
		"place beyond the list":      {func(w *world) { w.badge.Status.Index = ListSize }, ListUnreadable},
		"no list, as it says itself": {func(w *world) { w.badge.Status = Entry{} }, Fine},
		"key put away since":         {func(w *world) { w.issuer.Keys[0].Until = noon.Add(time.Hour) }, Fine},
		"a date that is still ahead": {func(w *world) { w.badge.Until = noon.AddDate(1, 0, 0) }, Fine},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			c.change(w)
			for form, file := range w.forms(t) {
				if r := w.verifier().Verify(file); r.Verdict() != c.want || r.Genuine() != (c.want == Fine) {
					t.Errorf("%s: %v, want %s", form, r.Seen, c.want)
				}
			}
		})
	}
}

func TestAnOldKeyIsSaidAndAMissingListTooWithoutRefusing(t *testing.T) {
	w := newWorld()
	w.issuer.Keys[0].Until = noon.Add(time.Hour)
	v := w.verifier()
	v.List = nil
	for form, file := range w.forms(t) {
		if r := v.Verify(file); !r.Genuine() || !r.Has(OldKey) || !r.Has(NotLooked) {
			t.Errorf("%s: %v", form, r.Seen)
		}
	}
}

// mutations is how many changed files of each form are tried.
const mutations = 1000

func TestAThousandChangedFilesAreAllRefused(t *testing.T) {
	w := newWorld()
	chance := rand.New(rand.NewPCG(2027, 314))
	for form, file := range w.forms(t) {
		reasons := map[Finding]int{}
		for n := 0; n < mutations; {
			changed := mutate(chance, file)
			if sameContent(file, changed) {
				continue // white space between the parts of JSON says nothing
			}
			n++
			r := w.verifier().Verify(changed)
			if r.Genuine() {
				t.Fatalf("%s: a changed file passes:\n%s", form, changed)
			}
			reasons[r.Verdict()]++
		}
		t.Logf("%s: %v", form, reasons)
	}
}

// mutate changes, adds, removes or swaps bytes.
func mutate(chance *rand.Rand, file []byte) []byte {
	out := append([]byte(nil), file...)
	at := chance.IntN(len(out))
	switch chance.IntN(5) {
	case 0:
		out[at] ^= 1 << chance.IntN(8)
	case 1:
		out[at] = file[chance.IntN(len(file))]
	case 2:
		out = append(out[:at], out[at+1:]...)
	case 3:
		out = append(out[:at], append([]byte{file[chance.IntN(len(file))]}, out[at:]...)...)
	case 4:
		other := chance.IntN(len(out))
		out[at], out[other] = out[other], out[at]
	}
	return out
}

func sameContent(a, b []byte) bool {
	var x, y any
	if json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil {
		return reflect.DeepEqual(x, y)
	}
	return strings.TrimSpace(string(a)) == strings.TrimSpace(string(b))
}

func TestPartsThatNobodySignedAreRefused(t *testing.T) {
	w := newWorld()
	for name, change := range map[string]func(doc object){
		"a name of no context":  func(d object) { d["honours"] = "first class" },
		"a keyword of no sense": func(d object) { d["@nonsense"] = "first class" },
		"an empty value":        func(d object) { d["image"] = nil },
		"a context of its own":  func(d object) { d["@context"] = append(d["@context"].([]any), object{"honours": "urn:x"}) },
		"a context elsewhere":   func(d object) { d["@context"] = append(d["@context"].([]any), "https://elsewhere.example/v1") },
	} {
		t.Run(name, func(t *testing.T) {
			doc := parsed(t, w.forms(t)["embedded"])
			change(doc)
			file, err := Encode(doc)
			if err != nil {
				t.Fatal(err)
			}
			if r := w.verifier().Verify(file); r.Verdict() != UnknownTerms {
				t.Errorf("%v", r.Seen)
			}
		})
	}
}

func parsed(t testing.TB, file []byte) object {
	t.Helper()
	doc, err := parse(file)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// TestPoisonIsRefusedBeforeItIsTried: telling alike nodes apart tries their orders.
func TestPoisonIsRefusedBeforeItIsTried(t *testing.T) {
	w := newWorld()
	for range 12 {
		w.badge.Evidence = append(w.badge.Evidence, Evidence{Name: "the same"})
	}
	if _, err := w.key.Embed(w.badge.Document(), noon); err != errComplex {
		t.Errorf("%v", err)
	}
}

func TestCredentialsByOthersVerify(t *testing.T) {
	file, err := os.ReadFile("testdata/foreign.json")
	if err != nil {
		t.Fatal(err)
	}
	var foreign struct {
		Issuer, Embedded json.RawMessage
		JWT              string
	}
	if err := json.Unmarshal(file, &foreign); err != nil {
		t.Fatal(err)
	}
	issuer, err := ParseIssuer(foreign.Issuer)
	if err != nil {
		t.Fatal(err)
	}
	v := Verifier{Now: noon, Issuer: func(id string) (*Issuer, bool) { return issuer, id == issuer.ID }}
	for form, file := range map[string][]byte{"embedded": foreign.Embedded, "jwt": []byte(foreign.JWT)} {
		r := v.Verify(file)
		if !r.Genuine() || r.Badge.Holder.Name != "Ida Marchetti" || r.Badge.Achievement.Name != "Knots for beginners" {
			t.Errorf("%s: %v %+v", form, r.Seen, r.Badge)
		}
	}
}

func TestW3CTestVectors(t *testing.T) {
	file, err := os.ReadFile("testdata/w3c.json")
	if err != nil {
		t.Fatal(err)
	}
	var vector struct {
		Public, Secret, HashData string
		Contexts                 map[string]any
		Signed                   object
	}
	if err := json.Unmarshal(file, &vector); err != nil {
		t.Fatal(err)
	}
	loader := maps.Clone(contexts())
	maps.Copy(loader, vector.Contexts)
	public, err := ParseMultikey(vector.Public)
	if err != nil {
		t.Fatal(err)
	}
	if err := checkProof(vector.Signed, public, loader); err != nil {
		t.Fatal(err)
	}
	secret, err := decode58(vector.Secret, 34)
	if err != nil {
		t.Fatal(err)
	}
	options := maps.Clone(part(vector.Signed, "proof"))
	delete(options, "proofValue")
	bare := maps.Clone(vector.Signed)
	delete(bare, "proof")
	message, err := hashData(bare, options, loader)
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(message); got != vector.HashData {
		t.Errorf("hash data %s", got)
	}
	if got := encode58(ed25519.Sign(ed25519.NewKeyFromSeed(secret[2:]), message)); got != text(part(vector.Signed, "proof"), "proofValue") {
		t.Errorf("signed anew: %s", got)
	}
}

func TestIssuerDocumentTellsTheHistory(t *testing.T) {
	w := newWorld()
	old := NewKey(school, []byte(strings.Repeat("o", 32)))
	stolen := NewKey(school, []byte(strings.Repeat("s", 32)))
	w.issuer.Keys = append(w.issuer.Keys, PublicKey{ID: old.ID, Key: old.Public(), Until: noon}, PublicKey{ID: stolen.ID, Key: stolen.Public(), Until: noon, Revoked: noon})
	file, err := Encode(w.issuer.Document())
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseIssuer(file)
	if err != nil || len(got.Keys) != 3 {
		t.Fatalf("%v %v", got, err)
	}
	if k, _ := got.Key(stolen.ID); k.Revoked.IsZero() {
		t.Error("a revoked key is not said to be")
	}
	if k, _ := got.Key(old.ID); !k.Until.Equal(noon) {
		t.Error("the end of an old key is lost")
	}
	if keys := w.issuer.KeySet()["keys"].([]any); len(keys) != 2 {
		t.Errorf("%d keys in the set, want those that hold", len(keys))
	}
}

func TestListIsSignedAndReadBack(t *testing.T) {
	w := newWorld()
	if err := w.bits.Set(131_071); err != nil {
		t.Fatal(err)
	}
	doc, err := List{Address: listPath, Issuer: school, At: noon, Bits: w.bits}.Document()
	if err != nil {
		t.Fatal(err)
	}
	file, err := w.key.Embed(doc, noon)
	if err != nil {
		t.Fatal(err)
	}
	list, err := ParseList(file, w.issuer)
	if err != nil {
		t.Fatal(err)
	}
	for index, want := range map[int]bool{131_071: true, 131_070: false, 0: false} {
		if got, err := list.Bits.Get(index); err != nil || got != want {
			t.Errorf("%d: %v %v", index, got, err)
		}
	}
	if _, err := ParseList([]byte(strings.Replace(string(file), "revocation", "suspension", 1)), w.issuer); err == nil {
		t.Error("a list of another purpose is believed")
	}
}

func TestFoundWhereverItLies(t *testing.T) {
	w := newWorld()
	jwt := w.forms(t)["jwt"]
	png := append(append([]byte(nil), pngHead...), []byte("\x00\x00\x00\x00IEND\xaeB\x60\x82")...)
	for name, file := range map[string][]byte{
		"as it is": jwt, "in lines": []byte(string(jwt[:100]) + "\r\n" + string(jwt[100:]) + "\n"),
		"in a link": []byte("https://school.example/verify#" + string(jwt)), "in a PDF": []byte("%PDF-1.7\n/URI (https://school.example/verify#" + string(jwt) + ")\n"),
		"in a picture": Bake(png, jwt),
	} {
		if got := Find(file); string(got) != string(jwt) {
			t.Errorf("%s: %.60q", name, got)
		}
	}
}

func TestJWTWithAnotherAlgorithmOrClaimIsNotRead(t *testing.T) {
	w := newWorld()
	doc := w.badge.Document()
	doc["iss"] = "did:web:other.example"
	for name, file := range map[string]string{
		"no signature":         "eyJhbGciOiJub25lIn0.e30.",
		"a bit that is unused": strings.TrimRight(string(w.forms(t)["jwt"]), "A") + "B",
	} {
		if r := w.verifier().Verify([]byte(file)); r.Genuine() {
			t.Errorf("%s passes", name)
		}
	}
}

func FuzzEncode(f *testing.F) {
	f.Add("a\"b\\c\n\u2028é\x00")
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return
		}
		file, err := Encode(object{"a": text, "b": []any{text, true, int64(7)}, "c": object{text: 1.5}})
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			A string
			B []any
			C map[string]float64
		}
		if err := json.Unmarshal(file, &got); err != nil || got.A != text || got.B[0] != text || got.C[text] != 1.5 {
			t.Errorf("%q is written as %s: %v", text, file, err)
		}
	})
}

func FuzzVerify(f *testing.F) {
	w := newWorld()
	for _, file := range w.forms(f) {
		f.Add(file)
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		r := w.verifier().Verify(Find(file))
		if r.Genuine() && r.Badge.Holder.Name != w.badge.Holder.Name {
			t.Errorf("%q passes", file)
		}
	})
}

func FuzzParseIssuer(f *testing.F) {
	file, err := Encode(newWorld().issuer.Document())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file)
	f.Fuzz(func(t *testing.T, file []byte) {
		issuer, err := ParseIssuer(file)
		if err != nil {
			return
		}
		again, err := Encode(issuer.Document())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParseIssuer(again); err != nil && len(issuer.Document()["assertionMethod"].([]any)) > 0 {
			t.Errorf("%s is read, and %s is not", file, again)
		}
	})
}
