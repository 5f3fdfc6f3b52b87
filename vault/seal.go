package vault

import (
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"errors"

	"kept/vault/keyring"
	"kept/vault/sabotage"
)

const nonceSize = 12

// class is the key that seals the kind: what the law holds has one of its own.
func (d *decl) class() keyring.Class {
	if d.Retention.law != "" {
		return keyring.Law
	}
	return keyring.Ordinary
}

// aead returns the owner's key for the kind.
func (v *Vault) aead(owner OwnerID, d *decl) (cipher.AEAD, error) {
	slot, err := owner.slot()
	if err != nil {
		return nil, err
	}
	key, err := v.ring.Key(slot, d.class())
	if errors.Is(err, keyring.ErrNoKey) {
		return nil, ErrErased
	}
	return key, err
}

// sealKey is aead for writers: it makes the second key when that is first needed.
func (v *Vault) sealKey(owner OwnerID, d *decl) (cipher.AEAD, error) {
	key, err := v.aead(owner, d)
	if d.class() != keyring.Law || !errors.Is(err, ErrErased) {
		return key, err
	}
	slot, err := owner.slot()
	if err != nil {
		return nil, err
	}
	err = v.ring.New(keyring.Law, int32(v.Today()), slot)
	if err != nil && !errors.Is(err, keyring.ErrExists) {
		return nil, err
	}
	return v.aead(owner, d)
}

// seal encrypts a value under the columns that describe it, so that none of
// them can be changed or swapped by SQL.
func seal(key cipher.AEAD, s stored, value []byte) []byte {
	if sabotage.Is(sabotage.SealingOff) {
		return append([]byte(nil), value...)
	}
	out := make([]byte, nonceSize, nonceSize+len(value)+key.Overhead())
	rand.Read(out)
	return key.Seal(out, out[:nonceSize], value, s.describe(make([]byte, 0, 128)))
}

// unseal appends the value of a body to dst; described is s.describe.
func unseal(key cipher.AEAD, s stored, dst, described []byte) ([]byte, error) {
	if sabotage.Is(sabotage.SealingOff) {
		return append(dst, s.body...), nil
	}
	if len(s.body) < nonceSize {
		return nil, ErrDamaged
	}
	out, err := key.Open(dst, s.body[:nonceSize], s.body[nonceSize:], described)
	if err != nil { // it has one text for everything
		return nil, ErrDamaged
	}
	return out, nil
}

// describe is the additional data of a body: owner, kind, id, schema, rev,
// seen, scope and policy, each text with its length.
func (s stored) describe(b []byte) []byte {
	for _, text := range [...]string{string(s.owner), s.kind, s.id, s.scope} {
		b = binary.AppendUvarint(b, uint64(len(text)))
		b = append(b, text...)
	}
	b = binary.AppendVarint(b, int64(s.schema))
	b = binary.AppendVarint(b, s.rev)
	b = binary.AppendVarint(b, int64(s.seen))
	return binary.AppendVarint(b, int64(s.policy))
}

// open returns the value of a stored record as its kind has it today.
func (v *Vault) open(d *decl, s stored) ([]byte, error) {
	key, err := v.aead(s.owner, d)
	if err != nil {
		return nil, s.fault(err)
	}
	return d.openWith(key, s, nil, s.describe(make([]byte, 0, 128)))
}

func (d *decl) openWith(key cipher.AEAD, s stored, dst, described []byte) ([]byte, error) {
	raw, err := unseal(key, s, dst, described)
	if err != nil {
		return nil, s.fault(err)
	}
	if s.schema == d.Schema {
		return raw, nil
	}
	if raw, err = d.renewed(s.schema, raw); err != nil {
		return nil, s.fault(err)
	}
	return raw, nil
}

// renewed brings an older value to today's shape, written as Put would write it.
func (d *decl) renewed(schema int, raw []byte) ([]byte, error) {
	raw, err := d.upgraded(schema, raw)
	if err != nil {
		return nil, err
	}
	value, err := d.decode(raw)
	if err != nil {
		return nil, err
	}
	return d.encode(value)
}

// value is open with the value decoded.
func (v *Vault) value(d *decl, s stored) (any, error) {
	raw, err := v.open(d, s)
	if err != nil {
		return nil, err
	}
	value, err := d.decode(raw)
	if err != nil {
		return nil, s.fault(err)
	}
	return value, nil
}

// unopenable tells that a record can be opened by nobody any more, now or later.
func unopenable(err error) bool { return errors.Is(err, ErrErased) || errors.Is(err, ErrDamaged) }

func (s stored) fault(err error) error {
	return &SealError{Owner: s.owner, Kind: s.kind, ID: s.id, Err: err}
}
