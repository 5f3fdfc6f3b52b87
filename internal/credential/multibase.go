package credential

import (
	"crypto/ed25519"
	"errors"
	"math/big"
	"strings"
)

// base58 is Bitcoin's alphabet, which multibase calls z.
const base58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

var errMultibase = errors.New("credential: not a multibase value of the form expected")

func encode58(data []byte) string {
	n, mod, base := new(big.Int).SetBytes(data), new(big.Int), big.NewInt(58)
	var out []byte
	for n.Sign() > 0 {
		n.DivMod(n, base, mod)
		out = append(out, base58[mod.Int64()])
	}
	for _, b := range data {
		if b != 0 {
			break
		}
		out = append(out, base58[0])
	}
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return "z" + string(out)
}

// decode58 reads what encode58 writes, of exactly size bytes.
func decode58(text string, size int) ([]byte, error) {
	digits, ok := strings.CutPrefix(text, "z")
	if !ok || len(digits) > 2*size {
		return nil, errMultibase
	}
	n, base := new(big.Int), big.NewInt(58)
	for _, r := range digits {
		at := strings.IndexRune(base58, r)
		if at < 0 {
			return nil, errMultibase
		}
		n.Add(n.Mul(n, base), big.NewInt(int64(at)))
	}
	if n.BitLen() > 8*size {
		return nil, errMultibase
	}
	data := n.FillBytes(make([]byte, size))
	if encode58(data) != text {
		return nil, errMultibase
	}
	return data, nil
}

// ed25519Code is multicodec's number for an Ed25519 public key.
var ed25519Code = [2]byte{0xed, 0x01}

// Multikey writes a public key as did:key and Multikey have it.
func Multikey(key ed25519.PublicKey) string { return encode58(append(ed25519Code[:], key...)) }

// ParseMultikey reads what Multikey writes.
func ParseMultikey(text string) (ed25519.PublicKey, error) {
	data, err := decode58(text, len(ed25519Code)+ed25519.PublicKeySize)
	if err != nil || [2]byte(data) != ed25519Code {
		return nil, errMultibase
	}
	return data[len(ed25519Code):], nil
}

// IsDIDKey tells whether a text is a did:key of a key that we can read.
func IsDIDKey(text string) bool {
	key, ok := strings.CutPrefix(text, "did:key:")
	if !ok {
		return false
	}
	_, err := ParseMultikey(key)
	return err == nil
}
