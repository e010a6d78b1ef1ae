package control

import (
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
)

// contentSecurityPolicy: everything from this server, nothing inline. blob:
// and data: are for images the page makes itself; 'wasm-unsafe-eval' lets it
// compile WebAssembly and nothing else.
const contentSecurityPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; " +
	"img-src 'self' blob: data:; font-src 'self'; connect-src 'self'; media-src 'self' blob:; worker-src 'self'; " +
	"frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// secured sets the headers that keep other pages out of this one, on every
// answer. COOP and COEP together make the page cross-origin isolated.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentSecurityPolicy)
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Embedder-Policy", "require-corp")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), payment=(), usb=()")
		next.ServeHTTP(w, r)
	})
}

// contentTypes are ours, not the machine's mime tables: a browser that is told
// nosniff refuses a script with a wrong type.
var contentTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".mjs":  "text/javascript; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".json": "application/json",
	".map":  "application/json",
	".svg":  "image/svg+xml",
	".png":  "image/png",
	".jpg":  "image/jpeg",
	".webp": "image/webp",
	".ico":  "image/x-icon",
	".woff": "font/woff", ".woff2": "font/woff2", ".ttf": "font/ttf",
	".wasm": "application/wasm",
	".glb":  "model/gltf-binary",
	".txt":  "text/plain; charset=utf-8",
	".ogg":  "audio/ogg", ".mp3": "audio/mpeg",
}

// notBuilt is served when the binary holds no page.
const notBuilt = `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Metatopia</title>
<h1>The page is not built into this binary</h1>
<p>The node runs. Its page needs one more step: in the source directory run</p>
<pre>make build</pre>
<p>and start the node again. Meanwhile the same world is open by telnet and by
<code>metatopia</code> commands; <code>metatopia status</code> prints the address.</p>
`

// page serves the shell and its assets. The shell holds no secret, so a
// top-level navigation may come from anywhere: a link in a mail, a file that
// redirects. Everything else only this page may load.
func page(assets fs.FS) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "GET only", http.StatusMethodNotAllowed)
			return
		}
		name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
		shell := name == "" || name == "index.html"
		if shell {
			name = "index.html"
		}
		if !loadable(r, shell) {
			http.Error(w, "another site may not load this", http.StatusForbidden)
			return
		}
		if assets == nil || !isFile(assets, "index.html") {
			if !shell {
				http.NotFound(w, r)
				return
			}
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			w.Header().Set("Cache-Control", "no-store")
			_, _ = w.Write([]byte(notBuilt)) // the client is gone when this fails
			return
		}
		serveAsset(w, r, assets, name)
	})
}

// loadable checks Sec-Fetch-*, which only browsers send.
func loadable(r *http.Request, shell bool) bool {
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "same-origin", "none": // none: typed, bookmarked
		return true
	}
	return shell && r.Header.Get("Sec-Fetch-Mode") == "navigate" && r.Header.Get("Sec-Fetch-Dest") == "document"
}

// serveAsset prefers a file compressed at build time (name.gz) where the
// browser takes it. Names with a hash in them do not change.
func serveAsset(w http.ResponseWriter, r *http.Request, assets fs.FS, name string) {
	if !fs.ValidPath(name) || !isFile(assets, name) {
		http.NotFound(w, r)
		return
	}
	ext := path.Ext(name)
	kind := contentTypes[ext]
	if kind == "" {
		kind = mime.TypeByExtension(ext)
	}
	if kind == "" {
		kind = "application/octet-stream"
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Cache-Control", "no-cache")
	if isFile(assets, name+".gz") {
		h.Set("Vary", "Accept-Encoding")
		if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") && r.Header.Get("Range") == "" {
			h.Set("Content-Encoding", "gzip")
			name += ".gz"
		}
	}
	http.ServeFileFS(w, r, assets, name)
}

func isFile(fsys fs.FS, name string) bool {
	info, err := fs.Stat(fsys, name)
	return err == nil && info.Mode().IsRegular()
}
