package portfolio

import (
	"bytes"
	"encoding/binary"
)

// orientation reads how a camera was held, 1 to 8, from a JPEG's Exif; 1 if it
// says nothing. It is all that is read of it.
func orientation(jpeg []byte) int {
	for rest := jpeg; len(rest) > 4; {
		if rest[0] == 0xff && rest[1] == 0xd8 {
			rest = rest[2:]
			continue
		}
		length := int(binary.BigEndian.Uint16(rest[2:])) + 2
		if rest[0] != 0xff || rest[1] == 0xda || length < 4 || length > len(rest) {
			return 1
		}
		if tiff, ok := bytes.CutPrefix(rest[4:length], []byte("Exif\x00\x00")); ok && rest[1] == 0xe1 {
			return tiffOrientation(tiff)
		}
		rest = rest[length:]
	}
	return 1
}

const (
	orientationTag = 0x0112
	tiffEntry      = 12 // bytes
)

func tiffOrientation(tiff []byte) int {
	var order binary.ByteOrder = binary.BigEndian
	if bytes.HasPrefix(tiff, []byte("II")) {
		order = binary.LittleEndian
	}
	if len(tiff) < 8 {
		return 1
	}
	at := order.Uint32(tiff[4:])
	if uint64(at)+2 > uint64(len(tiff)) {
		return 1
	}
	entries := tiff[at+2:]
	for range order.Uint16(tiff[at:]) {
		if len(entries) < tiffEntry {
			return 1
		}
		if order.Uint16(entries) == orientationTag {
			return int(order.Uint16(entries[8:]))
		}
		entries = entries[tiffEntry:]
	}
	return 1
}
