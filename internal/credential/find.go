package credential

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"regexp"
)

// In a picture the signed file lies in a text chunk of this name, as Open Badges
// 3.0 asks for.
const chunkName = "openbadgecredential"

var pngHead = []byte("\x89PNG\r\n\x1a\n")

// inLink is a JWT behind a #: in the link of a printed certificate.
var inLink = regexp.MustCompile(`#(eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+)`)

// inLines is a JWT that was broken into lines or stands among other text.
var space = regexp.MustCompile(`[\s\x00]+`)

// Find takes the signed file out of what somebody has: the file itself, a PDF or
// a picture with it inside, or a link that carries it. What it does not know it
// returns as it is.
func Find(file []byte) []byte {
	trimmed := bytes.TrimSpace(bytes.TrimPrefix(file, []byte("\xef\xbb\xbf")))
	switch {
	case bytes.HasPrefix(trimmed, []byte("{")):
		return trimmed
	case bytes.HasPrefix(file, pngHead):
		return bytes.TrimSpace(inPicture(file))
	}
	if found := inLink.FindSubmatch(file); found != nil {
		return found[1]
	}
	if bytes.HasPrefix(trimmed, []byte("eyJ")) && len(trimmed) < MaxFile {
		return space.ReplaceAll(trimmed, nil)
	}
	return trimmed
}

// chunks calls fn for each chunk of a PNG file.
func chunks(file []byte, fn func(at int, kind string, data []byte) bool) {
	for at := len(pngHead); at+12 <= len(file); {
		size := int(binary.BigEndian.Uint32(file[at:]))
		if size > len(file)-at-12 || !fn(at, string(file[at+4:at+8]), file[at+8:at+8+size]) {
			return
		}
		at += 12 + size
	}
}

func inPicture(file []byte) (found []byte) {
	chunks(file, func(_ int, kind string, data []byte) bool {
		name, rest, ok := bytes.Cut(data, []byte{0})
		// Two bytes say whether it is compressed and how; language and translated name end with a zero each.
		if kind != "iTXt" || !ok || string(name) != chunkName || len(rest) < 4 || rest[0] != 0 {
			return true
		}
		parts := bytes.SplitN(rest[2:], []byte{0}, 3)
		if len(parts) == 3 {
			found = parts[2]
		}
		return false
	})
	return found
}

// Bake puts a signed file into a PNG picture.
func Bake(picture, signed []byte) []byte {
	data := append([]byte(chunkName+"\x00\x00\x00\x00\x00"), signed...)
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	body := append([]byte("iTXt"), data...)
	chunk = append(chunk, body...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(body))
	end := len(picture)
	chunks(picture, func(at int, kind string, _ []byte) bool {
		if kind == "IEND" {
			end = at
		}
		return true
	})
	return bytes.Join([][]byte{picture[:end], chunk, picture[end:]}, nil)
}
