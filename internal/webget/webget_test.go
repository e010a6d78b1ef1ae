package webget

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func read(t *testing.T, url string, o Options) (string, error) {
	t.Helper()
	if o.MaxBytes == 0 {
		o.MaxBytes = 1 << 20
	}
	r, err := Get(t.Context(), url, o)
	if err != nil {
		return "", err
	}
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	return string(b), err
}

func TestGet(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			if r.Header.Get("Accept-Encoding") == "gzip" || r.Header.Get("Authorization") != "" || r.Header.Get("Cookie") != "" {
				t.Errorf("headers %v", r.Header)
			}
			fmt.Fprint(w, "hello")
		case "/away":
			http.Redirect(w, r, "/", http.StatusFound)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/login":
			http.Redirect(w, r, "http://ann:secret@"+r.Host+"/", http.StatusFound)
		case "/file":
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		case "/short":
			w.Header().Set("Content-Length", "10")
			fmt.Fprint(w, "hello")
		case "/stream":
			for range 100 {
				fmt.Fprint(w, strings.Repeat("x", 1000))
				w.(http.Flusher).Flush()
			}
		case "/large":
			w.Header().Set("Content-Length", "2000000")
		default:
			http.NotFound(w, r)
		}
	})
	for _, c := range []struct {
		path string
		max  int64
		want error
	}{
		{"/", 5, nil}, {"/away", 0, nil}, {"/", 4, ErrTooLarge}, {"/large", 0, ErrTooLarge}, {"/stream", 99_999, ErrTooLarge},
		{"/loop", 0, ErrURL}, {"/login", 0, ErrURL}, {"/file", 0, ErrURL}, {"/nothing", 0, ErrStatus}, {"/short", 0, io.ErrUnexpectedEOF},
	} {
		got, err := read(t, url+c.path, Options{MaxBytes: c.max})
		if !errors.Is(err, c.want) || c.want == nil && got != "hello" {
			t.Errorf("%s: %q, %v, want %v", c.path, got, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the error tells a password: %v", c.path, err)
		}
	}
	if got, err := read(t, url+"/stream", Options{MaxBytes: 100_000}); err != nil || len(got) != 100_000 {
		t.Errorf("a body as long as allowed: %d bytes, %v", len(got), err)
	}
}

func TestAddressesThatAreNone(t *testing.T) {
	for _, u := range []string{"", "ftp://example.com/x", "file:///etc/passwd", "http://", "https:///x", "http:example.com", "http://ann:secret@example.com/",
		"http://example.com/" + strings.Repeat("x", maxURL), "http://exa mple.com/", "//example.com"} {
		_, err := Get(t.Context(), u, Options{MaxBytes: 1})
		if !errors.Is(err, ErrURL) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%.40q: %v", u, err)
		}
	}
	for s, want := range map[string]bool{"http://x": true, "HTTPS://x": true, "ftp://x": false, "photo.jpg": false, "http:x": false, "./http://x": false} {
		if Is(s) != want {
			t.Errorf("Is(%q) = %v", s, !want)
		}
	}
}

func TestAStepBackToHTTP(t *testing.T) {
	plain := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") })
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, plain, http.StatusFound)
	}))
	defer s.Close()
	if _, err := read(t, s.URL, Options{TLS: s.Client().Transport.(*http.Transport).TLSClientConfig}); !errors.Is(err, ErrURL) {
		t.Error(err)
	}
	if _, err := read(t, s.URL, Options{}); err == nil {
		t.Error("a certificate that nobody vouches for was taken")
	}
}

func TestASilentServer(t *testing.T) {
	done := make(chan struct{})
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, "hel")
		w.(http.Flusher).Flush()
		select {
		case <-r.Context().Done():
		case <-done:
		}
	})
	t.Cleanup(func() { close(done) })
	if _, err := read(t, url, Options{Stall: 20 * time.Millisecond}); !errors.Is(err, ErrStall) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	r, err := Get(ctx, url, Options{MaxBytes: 100})
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := io.ReadAll(r.Body); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	r.Body.Close()
}

func TestPublicOnly(t *testing.T) {
	url := serve(t, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "hello") })
	if _, err := read(t, url, Options{PublicOnly: true}); !errors.Is(err, ErrPrivate) {
		t.Errorf("loopback: %v", err)
	}
	t.Setenv("HTTP_PROXY", url)
	if _, err := read(t, "http://192.168.1.1/", Options{PublicOnly: true}); !errors.Is(err, ErrPrivate) {
		t.Errorf("by a proxy: %v", err)
	}
	for _, a := range []string{"127.0.0.1:80", "10.1.2.3:80", "172.16.0.1:80", "192.168.0.1:80", "169.254.169.254:80", "0.0.0.0:80", "0.1.2.3:80", "100.64.0.1:80",
		"224.0.0.1:80", "255.255.255.255:80", "[::1]:80", "[::]:80", "[fe80::1]:80", "[fe80::1%eth0]:80", "[fd00::1]:80", "[::ffff:127.0.0.1]:80", "[64:ff9b::7f00:1]:80",
		"[2002:7f00:1::]:80", "[::127.0.0.1]:80", "example.com:80"} {
		if err := public(a); !errors.Is(err, ErrPrivate) {
			t.Errorf("%s: %v", a, err)
		}
	}
	for _, a := range []string{"1.1.1.1:443", "93.184.216.34:80", "[2606:4700:4700::1111]:443"} {
		if err := public(a); err != nil {
			t.Errorf("%s: %v", a, err)
		}
	}
}
