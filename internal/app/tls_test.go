package app

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"
)

const tlsHost = "kept.example"

// certified puts a certificate where one that was fetched would lie, and
// returns who trusts it.
func certified(t *testing.T, data string) *x509.CertPool {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	plain := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{tlsHost}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(80 * 24 * time.Hour)}
	cert, err := x509.CreateCertificate(rand.Reader, plain, plain, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	pem.Encode(&file, &pem.Block{Type: "EC PRIVATE KEY", Bytes: secret})
	pem.Encode(&file, &pem.Block{Type: "CERTIFICATE", Bytes: cert})
	if err := os.MkdirAll(filepath.Join(data, "certificates"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(data, "certificates", tlsHost), file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}))
	return pool
}

// TestServingWithItsOwnCertificate serves with TLS as autocert does once it has
// a certificate, and refuses other names.
func TestServingWithItsOwnCertificate(t *testing.T) {
	folder := t.TempDir()
	config, err := demoConfig(folder, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	config.TLS, config.Base = "autocert", "https://"+tlsHost
	pool := certified(t, config.Data)
	a, err := Open(t.Context(), config, Options{Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	ctx, stop := context.WithCancel(t.Context())
	where, ended := make(chan net.Addr, 1), make(chan error, 1)
	go func() { ended <- a.Serve(ctx, func(addr net.Addr) { where <- addr }) }()
	addr := (<-where).String()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, addr)
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	answer, err := client.PostForm("https://"+tlsHost+"/sign-in", url.Values{"email": {"ada@example.org"}})
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.Header.Get("Strict-Transport-Security") == "" {
		t.Error("a site with TLS does not ask for it")
	}
	for _, c := range answer.Cookies() {
		if !c.Secure || !c.HttpOnly || c.Name[:7] != "__Host-" {
			t.Errorf("cookie %s: secure %t, http only %t", c.Name, c.Secure, c.HttpOnly)
		}
	}
	if len(answer.Cookies()) == 0 {
		t.Error("no cookie to look at")
	}
	if _, err := tls.Dial("tcp", addr, &tls.Config{ServerName: "other.example", RootCAs: pool}); err == nil {
		t.Error("another name is served")
	}
	client.CloseIdleConnections()
	stop()
	if err := <-ended; err != nil {
		t.Errorf("stop: %v", err)
	}
}
