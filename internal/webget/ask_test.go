package webget

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
)

// portOf is the port of a test server.
func portOf(t *testing.T, address string) uint16 {
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.ParseUint(u.Port(), 10, 16)
	if err != nil {
		t.Fatal(err)
	}
	return uint16(n)
}

func TestAsk(t *testing.T) {
	var other string
	address := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			fmt.Fprint(w, "hello")
		case "/post":
			b, _ := io.ReadAll(r.Body)
			w.Header().Set("Content-Type", "text/x-test")
			w.WriteHeader(http.StatusTeapot)
			fmt.Fprintf(w, "%s %s %s", r.Method, r.Header.Get("Content-Type"), b)
		case "/away":
			http.Redirect(w, r, "/", http.StatusFound)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/other":
			http.Redirect(w, r, other, http.StatusFound)
		case "/name":
			http.Redirect(w, r, "http://localhost:"+r.Host[strings.LastIndex(r.Host, ":")+1:]+"/", http.StatusFound)
		case "/file":
			http.Redirect(w, r, "file:///etc/passwd", http.StatusFound)
		case "/large":
			for range 100 {
				fmt.Fprint(w, strings.Repeat("x", 1000))
				w.(http.Flusher).Flush()
			}
		}
	})
	other = serve(t, func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "not for you") })
	port := portOf(t, address)
	here := func(private bool) func(string, uint16) (bool, bool) {
		return func(host string, p uint16) (bool, bool) { return host == "127.0.0.1" && p == port, private }
	}
	any := func(string, uint16) (bool, bool) { return true, false }
	for _, c := range []struct {
		method, url string
		allow       func(string, uint16) (bool, bool)
		want        string
		err         error
	}{
		{"GET", address + "/", here(true), "200 hello", nil},
		{"GET", address + "/nothing-here", here(true), "200 ", nil},
		{"POST", address + "/post", here(true), "418 POST text/plain body", nil},
		{"GET", address + "/away", here(true), "200 hello", nil},
		{"POST", address + "/away", here(true), "302 ", nil}, // told, not followed
		{"GET", address + "/", here(false), "", ErrPrivate},
		{"GET", address + "/", any, "", ErrPrivate},
		{"GET", "http://localhost:" + strconv.Itoa(int(port)) + "/", any, "", ErrPrivate}, // a public name of a private address
		{"GET", "http://[::1]:" + strconv.Itoa(int(port)) + "/", any, "", ErrPrivate},
		{"GET", "http://169.254.169.254/", func(string, uint16) (bool, bool) { return true, true }, "", ErrPrivate},
		{"GET", "http://0.0.0.0/", func(string, uint16) (bool, bool) { return true, true }, "", ErrPrivate},
		{"GET", other, here(true), "", ErrDenied},
		{"GET", address + "/other", here(true), "", ErrDenied},
		{"GET", address + "/name", here(true), "", ErrDenied},
		{"GET", address + "/loop", here(true), "", ErrURL},
		{"GET", address + "/file", here(true), "", ErrURL},
		{"GET", address + "/large", here(true), "", ErrTooLarge},
		{"GET", "file:///etc/passwd", any, "", ErrURL},
		{"GET", "http://ann:secret@127.0.0.1/", any, "", ErrURL},
		{"PUT", address, here(true), "", ErrURL},
		{"GET", "http://a/" + strings.Repeat("x", maxURL), any, "", ErrURL},
		{"GET", "http://a\r\nHost: b/", any, "", ErrURL},
	} {
		a, err := Ask(t.Context(), Question{Method: c.method, URL: c.url, Body: []byte("body"), Type: "text/plain", MaxBytes: 10_000, Allow: c.allow})
		if !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
			t.Errorf("%s %.60s: %v, want %v", c.method, c.url, err, c.err)
		} else if err == nil && strings.TrimSpace(fmt.Sprintf("%d %s", a.Status, a.Body)) != strings.TrimSpace(c.want) {
			t.Errorf("%s %s: %d %s, want %s", c.method, c.url, a.Status, a.Body, c.want)
		}
	}
	if _, err := Ask(t.Context(), Question{Method: "POST", URL: address, Type: "a\r\nX-Evil: 1", MaxBytes: 1, Allow: here(true)}); !errors.Is(err, ErrURL) {
		t.Errorf("a type with a header in it: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Ask(ctx, Question{Method: "GET", URL: address, MaxBytes: 1, Allow: here(true)}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}
