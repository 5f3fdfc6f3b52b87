package forget

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"kept/vault"
	"kept/vault/keyring"
)

// A key as the ring's file holds it: see the format in package keyring. The
// package lets nobody have a raw key, so the file is read as a thief would who
// has the epoch key as well.
type key struct {
	owner        vault.OwnerID
	slot         keyring.ID
	class        byte
	raw, wrapped []byte
}

// keys tells of all keys of the members that the ring has, and of the epoch key.
func (l *life) keys() ([]word, error) {
	ring, epoch, err := readRing(filepath.Join(l.Config.Data, "ring"), l.Config.Keys)
	if err != nil {
		return nil, err
	}
	l.epoch = epoch.Label
	words := []word{epoch}
	for n, m := range l.all {
		m.keys = nil
		for _, k := range ring {
			if k.owner != m.Owner || !m.here {
				continue
			}
			raw := word{fmt.Sprintf("raw key %d of member %d", k.class, n), k.raw}
			wrapped := word{fmt.Sprintf("key %d of member %d under %s", k.class, n, epoch.Label), k.wrapped}
			words, m.keys = append(words, raw, wrapped), append(m.keys, raw.Label, wrapped.Label)
		}
		if m.here && len(m.keys) == 0 {
			return nil, errors.New("a member has no key")
		}
	}
	return words, nil
}

// readRing opens every slot of a ring with its epoch key.
func readRing(path, folder string) ([]key, word, error) {
	const head, size = 4096, 128
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, word{}, err
	}
	if len(file) < head {
		return nil, word{}, errors.New("the ring is too short")
	}
	number := binary.BigEndian.Uint64(file[32:])
	epoch, err := os.ReadFile(filepath.Join(folder, fmt.Sprintf("epoch-%d.key", number)))
	if err != nil {
		return nil, word{}, err
	}
	block, err := aes.NewCipher(epoch[40:72])
	if err != nil {
		return nil, word{}, err
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, word{}, err
	}
	var all []key
	for n := range uint32(len(file)-head) / size {
		s := file[head+n*size:][:size]
		if s[17] != 1 {
			continue
		}
		bound := binary.BigEndian.AppendUint32(bytes.Clone(file[16:32]), n)
		bound = append(bound, s[:17]...)
		bound = append(bound, s[20:28]...) // generation and day
		raw, err := aead.Open(nil, nil, s[40:100], bound)
		if err != nil {
			return nil, word{}, fmt.Errorf("slot %d: %w", n, err)
		}
		all = append(all, key{vault.OwnerOf(keyring.ID(s[:16])), keyring.ID(s[:16]), s[16], raw, bytes.Clone(s[40:100])})
	}
	return all, word{fmt.Sprintf("epoch key %d", number), bytes.Clone(epoch[40:72])}, nil
}
