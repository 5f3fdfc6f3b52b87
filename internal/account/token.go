package account

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"

	"kept/vault"
)

// newToken is what a link or a cookie carries: 128 random bits in 26 small
// letters and digits. Only its hash is stored.
func newToken() string { return vault.NewID() }

// hash is how a token is stored. Tokens are random, so it needs no salt.
func hash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}

// lookup is the value under which a token is found.
func lookup(token string) string { return hex.EncodeToString(hash(token)) }

func same(a, b []byte) bool { return subtle.ConstantTimeCompare(a, b) == 1 }

const codeFigures = 6

// newCode is six random figures.
func newCode() string {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		panic(err) // crypto/rand ends the program rather than fail
	}
	return fmt.Sprintf("%0*d", codeFigures, n)
}

// hashCode binds a code to the browser that asked for it. A million codes are
// soon tried; with 128 unknown bits beside them, the hash alone is of no use.
func hashCode(device, code string) []byte { return hash(device + " " + code) }

// spaced is a code as people read it aloud.
func spaced(code string) string { return code[:codeFigures/2] + " " + code[codeFigures/2:] }

// figures reads a code as it was typed or pasted.
func figures(typed string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, typed)
}
