package scan

import "encoding/base64"

// alphabet is a way to write six bits as a letter.
type alphabet struct{ *base64.Encoding }

var alphabets = map[string]alphabet{
	"base64":    {base64.RawStdEncoding},
	"base64url": {base64.RawURLEncoding},
}

// aligned is the part of the encoding of a longer text that the word alone
// decides, if shift bytes stand before it in its group of three.
func (a alphabet) aligned(word []byte, shift int) []byte {
	whole := a.EncodeToString(append(make([]byte, shift), word...))
	first := (8*shift + 5) / 6
	last := (8 * (shift + len(word))) / 6
	return []byte(whole[first:last])
}
