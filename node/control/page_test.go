package control_test

import (
	"strings"
	"testing"
	"testing/fstest"
)

func pageFS() fstest.MapFS {
	return fstest.MapFS{
		"index.html":    {Data: []byte("<!doctype html><title>page</title>")},
		"app.js":        {Data: []byte("let a = 1")},
		"app.js.gz":     {Data: []byte("not really gzip")},
		"app.css":       {Data: []byte("body{}")},
		"x/font.woff2":  {Data: []byte("f")},
		"x/m.wasm":      {Data: []byte("\x00asm")},
		"x/unknown.zzz": {Data: []byte("?")},
	}
}

func TestPageHeadersAndTypes(t *testing.T) {
	s := serveWeb(t, pageFS())
	for path, kind := range map[string]string{
		"/": "text/html; charset=utf-8", "/index.html": "text/html; charset=utf-8", "/app.js": "text/javascript; charset=utf-8",
		"/app.css": "text/css; charset=utf-8", "/x/font.woff2": "font/woff2", "/x/m.wasm": "application/wasm",
		"/x/unknown.zzz": "application/octet-stream",
	} {
		res, _ := s.do(t, "GET", path, nil, nil)
		if path == "/index.html" && res.StatusCode == 301 {
			continue
		}
		if res.StatusCode != 200 || res.Header.Get("Content-Type") != kind {
			t.Errorf("%s: status %d, type %q, want %q", path, res.StatusCode, res.Header.Get("Content-Type"), kind)
		}
	}
	// Also on errors: a 404 page may not be framed either.
	for _, path := range []string{"/", "/app.js", "/nothing", "/metatopia.v1.Node/Say"} {
		res, _ := s.do(t, "GET", path, nil, nil)
		for h, want := range map[string]string{
			"Content-Security-Policy":      "default-src 'none'",
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Cross-Origin-Embedder-Policy": "require-corp",
			"Cross-Origin-Resource-Policy": "same-origin",
			"X-Content-Type-Options":       "nosniff",
			"Referrer-Policy":              "no-referrer",
		} {
			if got := res.Header.Get(h); !strings.HasPrefix(got, want) {
				t.Errorf("%s: %s is %q, want %q", path, h, got, want)
			}
		}
		csp := res.Header.Get("Content-Security-Policy")
		for _, bad := range []string{"unsafe-inline", "'unsafe-eval'", "*", "http:"} {
			if strings.Contains(csp, bad) {
				t.Errorf("the policy holds %s: %s", bad, csp)
			}
		}
		for _, must := range []string{"frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"} {
			if !strings.Contains(csp, must) {
				t.Errorf("the policy lacks %s", must)
			}
		}
	}
}

func TestPageCompressedAtBuildTime(t *testing.T) {
	s := serveWeb(t, pageFS())
	res, body := s.do(t, "GET", "/app.js", header{"Accept-Encoding": "gzip"}, nil)
	if res.Header.Get("Content-Encoding") != "gzip" || body != "not really gzip" || res.Header.Get("Content-Type") != "text/javascript; charset=utf-8" {
		t.Errorf("%v %q", res.Header, body)
	}
	res, body = s.do(t, "GET", "/app.js", nil, nil)
	if res.Header.Get("Content-Encoding") != "" || body != "let a = 1" || res.Header.Get("Vary") != "Accept-Encoding" {
		t.Errorf("%v %q", res.Header, body)
	}
}

// The shell may be opened from a link or a file; nothing else may be loaded
// by another page, and no other Host sees anything at all.
func TestPageFromElsewhere(t *testing.T) {
	s := serveWeb(t, pageFS())
	nav := header{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
	frame := header{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"}
	script := header{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"}
	for _, tt := range []struct {
		name, path string
		h          header
		status     int
	}{
		{"link to the shell", "/", nav, 200},
		{"typed", "/", header{"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, 200},
		{"own script", "/app.js", header{"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "script"}, 200},
		{"frame", "/", frame, 403},
		{"script of another page", "/app.js", script, 403},
		{"link to a script", "/app.js", nav, 403},
		{"other port of this host", "/app.js", header{"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "script"}, 403},
		{"rebinding", "/", header{"Host": "evil.example"}, 421},
		{"rebinding to an asset", "/app.js", header{"Host": "evil.example:" + s.port}, 421},
		{"outside", "/x/%2e%2e/%2e%2e/etc/passwd", nil, 404},
		{"directory", "/x", nil, 404},
		{"directory with slash", "/x/", nil, 404},
		{"missing", "/none.js", nil, 404},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if res, body := s.do(t, "GET", tt.path, tt.h, nil); res.StatusCode != tt.status {
				t.Errorf("status %d, want %d: %s", res.StatusCode, tt.status, body)
			}
		})
	}
	if res, _ := s.do(t, "GET", "/etc/passwd", nil, nil); res.StatusCode != 404 {
		t.Errorf("outside: %d", res.StatusCode)
	}
	if res, _ := s.do(t, "POST", "/", nil, strings.NewReader("x")); res.StatusCode != 405 {
		t.Errorf("POST to the shell: %d", res.StatusCode)
	}
}

func TestPageNotBuilt(t *testing.T) {
	for name, assets := range map[string]fstest.MapFS{"none": nil, "empty": {}} {
		s := serveWeb(t, assets)
		res, body := s.do(t, "GET", "/", nil, nil)
		if res.StatusCode != 200 || !strings.Contains(body, "make build") {
			t.Errorf("%s: status %d: %s", name, res.StatusCode, body)
		}
		if res, _ := s.do(t, "GET", "/app.js", nil, nil); res.StatusCode != 404 {
			t.Errorf("%s: an asset: %d", name, res.StatusCode)
		}
	}
}
