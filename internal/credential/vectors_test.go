package credential

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// vectors is a folder with the W3C's test vectors as its repository has them
// (vc-di-eddsa, TestVectors), and the context that one of them names.
type vectors struct {
	t      *testing.T
	folder string
	loader bundled
}

// TestW3CTestVectorsOfTheCorpus runs every vector of eddsa-rdfc-2022, with what
// stands between document and signature, and those of proof sets and chains.
// They are read where KEPT_CORPUS has them; the first runs everywhere, above.
func TestW3CTestVectorsOfTheCorpus(t *testing.T) {
	v := vectors{t, filepath.Join(os.Getenv("KEPT_CORPUS"), "vc-di-eddsa"), maps.Clone(contexts())}
	if _, err := os.Stat(v.folder); err != nil {
		t.Log("not run: the W3C's vectors but the first, which KEPT_CORPUS does not have; see docs/certificates.md")
		return
	}
	v.loader["https://www.w3.org/ns/credentials/examples/v2"] = object{"@context": object{"@vocab": "https://www.w3.org/ns/credentials/examples#"}}
	v.loader["https://w3id.org/citizenship/v4rc1"] = v.object("citizenship-v4rc1.jsonld")
	for _, folder := range []string{"eddsa-rdfc-2022", "eddsa-rdfc-2022/employ"} {
		t.Run(folder, func(t *testing.T) { v.t = t; v.steps(folder) })
	}
	for _, name := range []string{"signedProofSet1", "signedProofSet2", "signedProofChain1", "signedProofChain2"} {
		t.Run(name, func(t *testing.T) { v.t = t; v.proofs("proof-set-chain/" + name + ".json") })
	}
}

func (v vectors) text(name string) string {
	v.t.Helper()
	file, err := os.ReadFile(filepath.Join(v.folder, name))
	if err != nil {
		v.t.Fatal(err)
	}
	return string(file)
}

func (v vectors) object(name string) (doc object) {
	v.t.Helper()
	if err := json.Unmarshal([]byte(v.text(name)), &doc); err != nil {
		v.t.Fatal(err)
	}
	return doc
}

// steps compares each step from a document to its signature.
func (v vectors) steps(folder string) {
	signed := v.object(folder + "/signedDataInt.json")
	doc, options, value := apart(signed, part(signed, "proof"))
	options["@context"] = doc["@context"]
	for name, step := range map[string]object{"canonDocDataInt.txt": doc, "proofCanonDataInt.txt": options} {
		canon, err := canonical(step, v.loader)
		if err != nil {
			v.t.Fatal(err)
		}
		if want := v.text(folder + "/" + name); strings.TrimSpace(canon) != strings.TrimSpace(want) {
			v.t.Errorf("%s:\n%s\nwant\n%s", name, canon, want)
		}
		sum, want := sha256.Sum256([]byte(canon)), "docHashDataInt.txt"
		if name != "canonDocDataInt.txt" {
			want = "proofHashDataInt.txt"
		}
		if got := hex.EncodeToString(sum[:]); got != strings.TrimSpace(v.text(folder+"/"+want)) {
			v.t.Errorf("%s: %s", want, got)
		}
	}
	delete(options, "@context")
	message, err := hashData(doc, options, v.loader)
	if err != nil {
		v.t.Fatal(err)
	}
	if got := hex.EncodeToString(message); got != strings.TrimSpace(v.text(folder+"/combinedHashDataInt.txt")) {
		v.t.Errorf("combined: %s", got)
	}
	v.sign(v.object("keyPair.json"), message, value)
	if value != strings.TrimSpace(v.text(folder+"/sigBTC58DataInt.txt")) {
		v.t.Error("the vector contradicts itself")
	}
}

// proofs checks each proof of a set or chain, as Data Integrity's "Add Proof
// Set/Chain" has it: over the document with the proofs that it builds upon.
func (v vectors) proofs(name string) {
	signed, pairs := v.object(name), v.object("proof-set-chain/multiKeyPairs.json")
	all := parts(signed["proof"])
	if len(all) == 0 {
		v.t.Fatal("no proof")
	}
	for i, proof := range all {
		doc, options, value := apart(signed, proof)
		var before []any
		for _, other := range all {
			if slices.Contains(texts(proof["previousProof"]), text(other, "id")) {
				before = append(before, other)
			}
		}
		if len(before) != len(texts(proof["previousProof"])) {
			v.t.Fatalf("proof %d builds upon one that is not there", i+1)
		}
		if len(before) > 0 {
			doc["proof"] = before
		}
		message, err := hashData(doc, options, v.loader)
		if err != nil {
			v.t.Fatal(err)
		}
		v.sign(v.pair(pairs, text(proof, "verificationMethod")), message, value)
	}
}

// pair finds the keys of a verification method.
func (v vectors) pair(pairs object, method string) object {
	v.t.Helper()
	for _, pair := range pairs {
		if pair, ok := pair.(object); ok && strings.HasSuffix(method, "#"+text(pair, "publicKeyMultibase")) {
			return pair
		}
	}
	v.t.Fatalf("no keys for %s", method)
	return nil
}

// sign verifies a signature, and makes it anew.
func (v vectors) sign(pair object, message []byte, want string) {
	v.t.Helper()
	public, err := ParseMultikey(text(pair, "publicKeyMultibase"))
	if err != nil {
		v.t.Fatal(err)
	}
	signature, err := decode58(want, ed25519.SignatureSize)
	if err != nil || !ed25519.Verify(public, message, signature) {
		v.t.Errorf("the signature does not fit: %v", err)
	}
	secret, err := decode58(text(pair, "privateKeyMultibase"), 34)
	if err != nil {
		v.t.Fatal(err)
	}
	if got := encode58(ed25519.Sign(ed25519.NewKeyFromSeed(secret[2:]), message)); got != want {
		v.t.Errorf("signed anew: %s, want %s", got, want)
	}
}

// apart takes a document, one of its proofs, and the value of that apart.
func apart(signed, proof object) (doc, options object, value string) {
	doc, options = maps.Clone(signed), maps.Clone(proof)
	delete(doc, "proof")
	delete(options, "proofValue")
	return doc, options, text(proof, "proofValue")
}
