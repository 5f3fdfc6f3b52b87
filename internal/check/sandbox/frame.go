package sandbox

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ErrFrame means that the other side broke the form of a frame: four bytes of
// length, the first one the highest, and as many bytes.
var ErrFrame = errors.New("sandbox: not a frame")

// WriteFrame writes one frame.
func WriteFrame(w io.Writer, body []byte) error {
	_, err := w.Write(append(binary.BigEndian.AppendUint32(make([]byte, 0, 4+len(body)), uint32(len(body))), body...))
	return err
}

// ReadFrame reads one frame of at most limit bytes. It takes no more memory than
// has arrived.
func ReadFrame(r io.Reader, limit int) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, err
	}
	size := int64(binary.BigEndian.Uint32(head[:]))
	if size > int64(limit) {
		return nil, fmt.Errorf("%w: longer than %d bytes", ErrFrame, limit)
	}
	body, err := io.ReadAll(io.LimitReader(r, size))
	if err == nil && int64(len(body)) < size {
		err = io.ErrUnexpectedEOF
	}
	return body, err
}
