package credential

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"maps"
	"time"

	"github.com/piprate/json-gold/ld"
)

const (
	proofType   = "DataIntegrityProof"
	cryptosuite = "eddsa-rdfc-2022"
	assertion   = "assertionMethod"
)

var (
	errProof     = errors.New("credential: it has no proof of the kind that we read")
	errSignature = errors.New("credential: the signature does not fit")
)

// Embed signs a document with an eddsa-rdfc-2022 proof and returns it with the
// proof inside.
func (k Key) Embed(doc map[string]any, at time.Time) ([]byte, error) {
	proof := object{"type": proofType, "cryptosuite": cryptosuite, "created": timeText(at), "verificationMethod": k.ID, "proofPurpose": assertion}
	message, err := hashData(doc, proof, contexts())
	if err != nil {
		return nil, err
	}
	proof["proofValue"] = encode58(ed25519.Sign(k.private, message))
	signed := maps.Clone(doc)
	signed["proof"] = []any{proof} // a list, as the schema of Open Badges 3.0 asks for
	return Encode(signed)
}

// checkProof verifies the embedded proof of a document under a key.
func checkProof(doc object, key ed25519.PublicKey, loader ld.DocumentLoader) error {
	proof := part(doc, "proof")
	signature, err := decode58(text(proof, "proofValue"), ed25519.SignatureSize)
	if err != nil {
		return errSignature
	}
	bare := maps.Clone(doc)
	delete(bare, "proof")
	options := maps.Clone(proof)
	delete(options, "proofValue")
	message, err := hashData(bare, options, loader)
	if err != nil {
		return err
	}
	if !ed25519.Verify(key, message, signature) {
		return errSignature
	}
	return nil
}

// proofOf finds the one proof of a document that we read.
func proofOf(doc object) (object, error) {
	all := parts(doc["proof"])
	if len(all) != 1 || text(all[0], "type") != proofType || text(all[0], "cryptosuite") != cryptosuite || text(all[0], "proofPurpose") != assertion {
		return nil, errProof
	}
	return all[0], nil
}

// hashData is what eddsa-rdfc-2022 signs: the hash of the proof's options and
// the hash of the document, both in canonical form.
func hashData(doc, options object, loader ld.DocumentLoader) ([]byte, error) {
	config := maps.Clone(options)
	config["@context"] = doc["@context"]
	canonConfig, err := canonical(config, loader)
	if err != nil {
		return nil, err
	}
	canonDoc, err := canonical(doc, loader)
	if err != nil {
		return nil, err
	}
	a, b := sha256.Sum256([]byte(canonConfig)), sha256.Sum256([]byte(canonDoc))
	return append(a[:], b[:]...), nil
}
