package quickjs

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"strings"
	"testing"
)

func TestProgramIsTheOneThatIsNamed(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(program)
	if !strings.Contains(string(readme), hex.EncodeToString(sum[:])) {
		t.Errorf("quickjs.wasm has the sum %x, which README.md does not name", sum)
	}
}
