package vault_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"kept/vault"
	"kept/vault/journal"
	"kept/vault/keyring"
)

// Post is something that a person writes.
type Post struct {
	Text string `json:"text" doc:"what was written"`
}

// openExample makes a vault in an empty folder, as a program does at its first
// start.
func openExample(dir string, reg *vault.Registry) (*sql.DB, *vault.Vault, error) {
	ctx := context.Background()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "db")+"?_txlock=immediate&_pragma=secure_delete(on)")
	if err != nil {
		return nil, nil, err
	}
	if err := vault.Migrate(ctx, db, vault.SQLite); err != nil {
		return nil, nil, err
	}
	keys := filepath.Join(dir, "epoch") // in earnest on another disk than the data
	if err := os.Mkdir(keys, 0o700); err != nil {
		return nil, nil, err
	}
	ring, err := keyring.Create(filepath.Join(dir, "ring"), keys)
	if err != nil {
		return nil, nil, err
	}
	restores, err := journal.Open(filepath.Join(dir, "journal"), nil)
	if err != nil {
		return nil, nil, err
	}
	v, err := vault.Open(ctx, reg, vault.Options{DB: db, Dialect: vault.SQLite, Ring: ring, Journal: restores,
		LookupKey: make([]byte, 32), Now: func() time.Time { return time.Date(2027, 3, 1, 0, 0, 0, 0, time.UTC) }})
	return db, v, err
}

func declarePosts(reg *vault.Registry) vault.Kind[Post] {
	return vault.Declare(reg, vault.Spec[Post]{
		Name: "post", Sentence: "What you wrote on your page.",
		Purposes: []string{"show your page"}, Basis: vault.Contract, Retention: vault.For(365),
		Audience: vault.OnlyMe, Audiences: []vault.Audience{vault.OnlyMe, vault.AnyoneMaySee}, Portable: true,
		Indexes: []vault.Index[Post]{{Name: "text", Of: func(p Post) []vault.Key { return []vault.Key{{Value: p.Text}} }}},
	})
}

// example runs fn on a vault with one person and one post.
func example(fn func(ctx context.Context, db *sql.DB, v *vault.Vault, posts vault.Kind[Post], put vault.Record[Post]) error) {
	dir, err := os.MkdirTemp("", "vault")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx, reg := context.Background(), vault.NewRegistry()
	posts := declarePosts(reg)
	db, v, err := openExample(dir, reg)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	put, err := firstPost(ctx, db, v, posts)
	if err == nil {
		err = fn(ctx, db, v, posts, put)
	}
	if err != nil {
		log.Fatal(err)
	}
}

func firstPost(ctx context.Context, db *sql.DB, v *vault.Vault, posts vault.Kind[Post]) (put vault.Record[Post], err error) {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return put, err
	}
	defer tx.Rollback()
	ada, err := v.NewOwner(ctx, tx, vault.Person, vault.Never)
	if err != nil {
		return put, err
	}
	put, err = posts.Put(ctx, tx, vault.Self(ada), vault.Record[Post]{Owner: ada, Value: Post{Text: "Hello"}})
	if err != nil {
		return put, err
	}
	return put, tx.Commit()
}

// A declaration is all that a feature says about its records; everything that
// is promised about them follows from it.
func ExampleDeclare() {
	reg := vault.NewRegistry()
	posts := declarePosts(reg)
	fmt.Println(posts.Info().Sentence)
	fmt.Println(posts.Info().Retention)
	fmt.Println(reg.Err())
	// Output:
	// What you wrote on your page.
	// 365 days after it was written
	// <nil>
}

// Every read says who asks. What is not for them is not there.
func ExampleKind_Get() {
	example(func(ctx context.Context, db *sql.DB, v *vault.Vault, posts vault.Kind[Post], put vault.Record[Post]) error {
		got, err := posts.Get(ctx, db, vault.Self(put.Owner), put.Owner, put.ID)
		fmt.Println("the owner:", got.Value.Text, err)
		_, err = posts.Get(ctx, db, vault.Anyone(), put.Owner, put.ID)
		fmt.Println("a stranger:", err)
		_, err = posts.Get(ctx, db, vault.Work("sell addresses"), put.Owner, put.ID)
		fmt.Println("another purpose:", err)
		return nil
	})
	// Output:
	// the owner: Hello <nil>
	// a stranger: vault: no such record
	// another purpose: vault: post: refused: the purpose sell addresses is not declared
}

// Of two who change one record, the second is told.
func ExampleKind_Put() {
	example(func(ctx context.Context, db *sql.DB, v *vault.Vault, posts vault.Kind[Post], put vault.Record[Post]) error {
		for _, text := range []string{"Hello, world", "Hello, all"} {
			changed := put // both have read revision 1
			changed.Value.Text = text
			tx, err := db.BeginTx(ctx, nil)
			if err != nil {
				return err
			}
			_, err = posts.Put(ctx, tx, vault.Self(put.Owner), changed)
			fmt.Println(text+":", errors.Is(err, vault.ErrConflict), tx.Commit())
		}
		return nil
	})
	// Output:
	// Hello, world: false <nil>
	// Hello, all: true <nil>
}

// A look-up finds records by value, though the database holds neither the value
// nor a plain hash of it.
func ExampleKind_Find() {
	example(func(ctx context.Context, db *sql.DB, v *vault.Vault, posts vault.Kind[Post], put vault.Record[Post]) error {
		found, err := posts.Find(ctx, db, vault.Work("show your page"), vault.Query{Name: "text", Value: "Hello", Limit: 10})
		fmt.Println(len(found), err)
		return nil
	})
	// Output:
	// 1 <nil>
}

// What is held about somebody, as one JSON document.
func ExampleVault_Export() {
	example(func(ctx context.Context, db *sql.DB, v *vault.Vault, posts vault.Kind[Post], put vault.Record[Post]) error {
		var out bytes.Buffer
		if err := v.Export(ctx, db, put.Owner, &out); err != nil {
			return err
		}
		var document struct {
			Kinds map[string][]struct {
				Audience string
				Expires  string
				Value    json.RawMessage
			}
		}
		err := json.Unmarshal(out.Bytes(), &document)
		for _, r := range document.Kinds["post"] {
			fmt.Println(r.Audience, r.Expires, string(r.Value))
		}
		return err
	})
	// Output:
	// only me 2028-02-29 {"text":"Hello"}
}

// An erasure is done when the call returns: the key is gone, and with it every
// copy of the records, in backups too.
func ExampleVault_EraseOwner() {
	example(func(ctx context.Context, db *sql.DB, v *vault.Vault, posts vault.Kind[Post], put vault.Record[Post]) error {
		receipt, err := v.EraseOwner(ctx, put.Owner)
		if err != nil {
			return err
		}
		fmt.Println(receipt.Erased["post"], "erased,", len(receipt.Held), "held by law")
		_, err = posts.Get(ctx, db, vault.Self(put.Owner), put.Owner, put.ID)
		fmt.Println(err)
		return nil
	})
	// Output:
	// 1 erased, 0 held by law
	// vault: no such record
}
