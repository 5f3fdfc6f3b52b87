package backup

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

// S3Config says where a bucket is and how it is opened.
type S3Config struct {
	Endpoint   string // https://s3.example.org
	Region     string
	Bucket     string
	Prefix     string // before every name, without slashes around it
	AccessKey  string
	SecretFile string // holds the secret key and nothing else
	Transport  http.RoundTripper
}

// S3 is a store in a bucket.
type S3 struct {
	c      S3Config
	client *minio.Client
}

// OpenS3 makes a client; nothing is connected yet.
func OpenS3(c S3Config) (*S3, error) {
	secret, err := os.ReadFile(c.SecretFile)
	if err != nil {
		return nil, fmt.Errorf("backup: the secret key of the bucket: %w", err)
	}
	at, err := url.Parse(c.Endpoint)
	if err != nil || at.Host == "" {
		return nil, fmt.Errorf("backup: the endpoint must be an address, as in https://s3.example.org")
	}
	if c.Region == "" {
		c.Region = "us-east-1" // what servers without regions call theirs
	}
	client, err := minio.New(at.Host, &minio.Options{
		Creds:     credentials.NewStaticV4(c.AccessKey, strings.TrimSpace(string(secret)), ""),
		Secure:    at.Scheme == "https",
		Region:    c.Region,
		Transport: c.Transport,
	})
	if err != nil {
		return nil, fmt.Errorf("backup: bucket: %w", err)
	}
	return &S3{c, client}, nil
}

func (s *S3) name(name string) string {
	if s.c.Prefix == "" {
		return name
	}
	return s.c.Prefix + "/" + name
}

// Put stores an object; the store checks what arrived against its sum.
func (s *S3) Put(ctx context.Context, name string, content []byte) error {
	_, err := s.client.PutObject(ctx, s.c.Bucket, s.name(name), bytes.NewReader(content), int64(len(content)),
		minio.PutObjectOptions{ContentType: "application/octet-stream", SendContentMd5: true, DisableMultipart: len(content) < partSize, PartSize: partSize})
	return wrapS3("store", err)
}

// partSize is what is sent at once.
const partSize = 32 << 20

// Get reads an object.
func (s *S3) Get(ctx context.Context, name string) ([]byte, error) {
	o, err := s.client.GetObject(ctx, s.c.Bucket, s.name(name), minio.GetObjectOptions{})
	if err != nil {
		return nil, wrapS3("read", err)
	}
	defer o.Close()
	b, err := io.ReadAll(o)
	return b, wrapS3("read", err)
}

// Remove removes an object.
func (s *S3) Remove(ctx context.Context, name string) error {
	return wrapS3("remove", s.client.RemoveObject(ctx, s.c.Bucket, s.name(name), minio.RemoveObjectOptions{}))
}

// List lists objects.
func (s *S3) List(ctx context.Context, prefix string) ([]Object, error) {
	var all []Object
	for o := range s.client.ListObjects(ctx, s.c.Bucket, minio.ListObjectsOptions{Prefix: s.name(prefix), Recursive: true}) {
		if o.Err != nil {
			return nil, wrapS3("list", o.Err)
		}
		name := o.Key
		if s.c.Prefix != "" {
			name = strings.TrimPrefix(name, s.c.Prefix+"/")
		}
		all = append(all, Object{name, o.Size, o.LastModified})
	}
	return all, nil
}

// Key is the credential's name.
func (s *S3) Key() string { return s.c.Endpoint + " " + s.c.AccessKey }

// Examine looks whether the bucket keeps what is removed from it.
func (s *S3) Examine(ctx context.Context) []Finding {
	var all []Finding
	if v, err := s.client.GetBucketVersioning(ctx, s.c.Bucket); err == nil && v.Status != "" {
		all = append(all, Finding{Bad: "the bucket keeps versions (" + v.Status + "), so what is deleted stays",
			Do: "use a bucket that never had versioning: to suspend it leaves the old versions"})
	}
	if lock, _, _, _, err := s.client.GetObjectLockConfig(ctx, s.c.Bucket); err == nil && lock != "" {
		all = append(all, Finding{Bad: "the bucket locks objects, so backups cannot be deleted on their day", Do: "use a bucket without object lock"})
	}
	return all
}

// wrapS3 leaves out addresses, which may hold the names of keys.
func wrapS3(doing string, err error) error {
	if err == nil {
		return nil
	}
	code := minio.ToErrorResponse(err).Code
	switch code {
	case minio.NoSuchKey:
		return fs.ErrNotExist
	case "":
		return fmt.Errorf("%s in the bucket: %w", doing, err)
	}
	return fmt.Errorf("%s in the bucket: it answers %s", doing, code)
}
