package scan

import (
	"archive/zip"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"io"

	"github.com/klauspost/compress/zstd"
)

// Bounds of what is unpacked: how deep, and how much of one thing.
const (
	deepest = 4
	largest = 256 << 20
)

// unpack finds compressed parts wherever they begin: files inside files, and the
// streams of pictures and documents.
func unpack(content []byte, found func(kind string, unpacked []byte)) {
	for i := 0; i+6 <= len(content); i++ {
		rest := content[i:]
		switch {
		case rest[0] == 0x1f && rest[1] == 0x8b && rest[2] == 8:
			try(found, "gzip", rest, func(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) })
		case rest[0] == 0x28 && rest[1] == 0xb5 && rest[2] == 0x2f && rest[3] == 0xfd:
			try(found, "zstd", rest, func(r io.Reader) (io.Reader, error) {
				return zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(largest))
			})
		case rest[0] == 0x78 && (uint(rest[0])<<8|uint(rest[1]))%31 == 0: // PNG's texts, PDF's streams
			try(found, "zlib", rest, func(r io.Reader) (io.Reader, error) { return zlib.NewReader(r) })
		}
	}
	if bytes.Contains(content, []byte("PK\x03\x04")) {
		unzip(content, found)
	}
}

// try unpacks as much as there is; what is broken off is looked at, too.
func try(found func(string, []byte), kind string, content []byte, open func(io.Reader) (io.Reader, error)) {
	r, err := open(bytes.NewReader(content))
	if err != nil {
		return
	}
	if z, ok := r.(*zstd.Decoder); ok {
		defer z.Close()
	}
	unpacked, _ := io.ReadAll(io.LimitReader(r, largest)) // an error ends it; the bytes before it count
	if len(unpacked) > 0 {
		found(kind, unpacked)
	}
}

func unzip(content []byte, found func(string, []byte)) {
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return
	}
	for _, file := range archive.File {
		r, err := file.Open()
		if err != nil {
			continue
		}
		unpacked, _ := io.ReadAll(io.LimitReader(r, largest))
		r.Close()
		found("zip", append([]byte(file.Name+"\x00"+file.Comment+"\x00"), unpacked...))
	}
}
