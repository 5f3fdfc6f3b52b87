package backup

import (
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/minio/minio-go/v7"

	"kept/internal/outbound"
	"kept/vault"
)

// withoutS3 leaves the bucket out of the inner loop, as it does PostgreSQL.
func withoutS3() bool { return os.Getenv("KEPT_TEST_ENGINES") == "sqlite" }

// bucket is a new bucket on the server for tests, reached through the gate as
// the program does.
func bucket(t testing.TB) *S3 {
	t.Helper()
	at, err := url.Parse(os.Getenv("KEPT_TEST_S3"))
	if err != nil || at.Host == "" {
		t.Fatal("KEPT_TEST_S3 is not set: run `tools/s3 start` and set what it prints, or KEPT_TEST_ENGINES=sqlite for folders alone")
	}
	gate, err := outbound.New(outbound.Config{Processors: []outbound.Processor{{Name: "store", Country: "here", Purpose: "Tests.", Since: "2026-11-21", Hosts: []string{at.Host}, MaxResponse: 256 << 20}}})
	must(t, err)
	t.Cleanup(gate.Close)
	secret := filepath.Join(t.TempDir(), "secret")
	password, _ := at.User.Password()
	must(t, os.WriteFile(secret, []byte(password+"\n"), 0o600))
	s, err := OpenS3(S3Config{Endpoint: "http://" + at.Host, Bucket: "b" + vault.NewID(), Prefix: "kept", AccessKey: at.User.Username(),
		SecretFile: secret, Transport: gate.Client("store", 0).Transport})
	must(t, err)
	must(t, s.client.MakeBucket(t.Context(), s.c.Bucket, minio.MakeBucketOptions{}))
	return s
}

// stores are the kinds of places, empty.
func stores(t *testing.T) map[string]func(t *testing.T) Store {
	all := map[string]func(t *testing.T) Store{"folder": func(t *testing.T) Store { return Folder(filepath.Join(t.TempDir(), "place")) }}
	if !withoutS3() {
		all["s3"] = func(t *testing.T) Store { return bucket(t) }
	}
	return all
}

func TestStoresKeepFiles(t *testing.T) {
	for name, place := range stores(t) {
		t.Run(name, func(t *testing.T) {
			s, ctx := place(t), t.Context()
			if _, err := s.Get(ctx, "a/none"); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("a file that is not there: %v", err)
			}
			must(t, s.Remove(ctx, "a/none"))
			large := strings.Repeat("0123456789abcdef", 5<<20/16)
			for name, content := range map[string]string{"a/one": "first", "a/two": large, "b/three": ""} {
				must(t, s.Put(ctx, name, []byte(content)))
			}
			must(t, s.Put(ctx, "a/one", []byte("second")))
			for name, want := range map[string]string{"a/one": "second", "a/two": large, "b/three": ""} {
				if got, err := s.Get(ctx, name); err != nil || string(got) != want {
					t.Errorf("%s: %d bytes, %v; want %d", name, len(got), err, len(want))
				}
			}
			list, err := s.List(ctx, "a/")
			must(t, err)
			if len(list) != 2 || list[0].Name != "a/one" || list[0].Size != 6 || time.Since(list[0].Changed) > time.Minute {
				t.Errorf("listed %v", list)
			}
			must(t, s.Remove(ctx, "a/one"))
			if list, err := s.List(ctx, ""); err != nil || len(list) != 2 {
				t.Errorf("after one was removed: %v, %v", list, err)
			}
			if bad := s.Examine(ctx); len(bad) > 0 {
				t.Errorf("an ordinary place is complained of: %v", bad)
			}
		})
	}
}

func TestALimitSlowsAStoreDown(t *testing.T) {
	s := limited(Folder(t.TempDir()), 1<<20)
	begin := time.Now()
	for range 3 {
		must(t, s.Put(t.Context(), "x", make([]byte, 1<<19)))
	}
	if took := time.Since(begin); took < 400*time.Millisecond { // the first second's worth goes at once
		t.Errorf("1.5 MB at 1 MB/s took %s", took)
	}
}

func TestABucketThatKeepsVersionsIsSaid(t *testing.T) {
	if withoutS3() {
		return
	}
	s := bucket(t)
	err := s.client.EnableVersioning(t.Context(), s.c.Bucket)
	if minio.ToErrorResponse(err).Code == "VersioningNotConfigured" {
		t.Log("this server has no versions; the question is still asked")
	}
	if err == nil && len(s.Examine(t.Context())) == 0 {
		t.Error("nothing is said of versions")
	}
}

func TestABucketThatLocksObjectsIsSaid(t *testing.T) {
	if withoutS3() {
		return
	}
	s := bucket(t)
	s.c.Bucket += "l"
	must(t, s.client.MakeBucket(t.Context(), s.c.Bucket, minio.MakeBucketOptions{ObjectLocking: true}))
	locked := false
	for _, f := range s.Examine(t.Context()) {
		locked = locked || strings.Contains(f.Bad, "locks objects")
	}
	if !locked {
		t.Error("nothing is said of the lock")
	}
}
