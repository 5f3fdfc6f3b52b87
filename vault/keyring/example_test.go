package keyring_test

import (
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"kept/vault/keyring"
)

func Example() {
	dir, err := os.MkdirTemp("", "keyring")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	epochs := filepath.Join(dir, "epoch") // in earnest outside the data folder
	if err := os.Mkdir(epochs, 0o700); err != nil {
		log.Fatal(err)
	}
	ring, err := keyring.Create(filepath.Join(dir, "keys.ring"), epochs)
	if err != nil {
		log.Fatal(err)
	}
	defer ring.Close()

	ada := keyring.ID{1} // in earnest random
	if err := ring.New(keyring.Ordinary, 20778, ada); err != nil {
		log.Fatal(err)
	}
	key, err := ring.Key(ada, keyring.Ordinary)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("sealed:", len(key.Seal(nil, make([]byte, key.NonceSize()), []byte("a note"), nil)), "bytes")

	if err := ring.Destroy(keyring.Ref{ID: ada, Class: keyring.Ordinary}); err != nil {
		log.Fatal(err)
	}
	_, err = ring.Key(ada, keyring.Ordinary)
	fmt.Println("gone:", errors.Is(err, keyring.ErrNoKey))
	// Output:
	// sealed: 22 bytes
	// gone: true
}
