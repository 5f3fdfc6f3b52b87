package receipt

import (
	"crypto/ed25519"
	"strings"
	"testing"

	"kept/vault"
)

var key = ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))

func TestAReceiptCanBeChecked(t *testing.T) {
	r := New("https://kept.example", vault.Receipt{Day: 20000, Erased: map[string]int{"name": 1},
		Held: []vault.Held{{Kind: "gift", Law: "book-keeping", Count: 2, Until: 22000}}})
	document, body, err := r.Sign(key)
	if err != nil {
		t.Fatal(err)
	}
	public := key.Public().(ed25519.PublicKey)
	got, signed, err := Open(document, public)
	if err != nil || string(signed) != string(body) || got.Day != "2024-10-04" || got.Held[0].Until != "2030-03-27" {
		t.Fatalf("read back: %+v, %v", got, err)
	}
	for i := range document {
		changed := []byte(strings.Clone(string(document)))
		changed[i] ^= 1
		if _, _, err := Open(changed, public); err == nil {
			t.Errorf("byte %d was changed and the signature fits", i)
		}
	}
}

func TestTwoReceiptsOfTheSameAreNotTheSame(t *testing.T) {
	_, one, _ := New("x", vault.Receipt{}).Sign(key)
	_, two, _ := New("x", vault.Receipt{}).Sign(key)
	if string(one) == string(two) {
		t.Error("whoever knows what was erased could find it in the log")
	}
}

func FuzzOpen(f *testing.F) {
	document, _, _ := New("x", vault.Receipt{}).Sign(key)
	f.Add(document)
	f.Add([]byte(`{"receipt":{},"signature":""}`))
	other := ed25519.NewKeyFromSeed([]byte("another key of thirty-two bytes!")).Public().(ed25519.PublicKey)
	f.Fuzz(func(t *testing.T, document []byte) {
		if _, _, err := Open(document, other); err == nil {
			t.Error("a receipt of nobody was believed")
		}
	})
}
