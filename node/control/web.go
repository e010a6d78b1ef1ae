package control

import (
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"time"
)

// ServeWeb serves the page and the API to a browser on ln, which must be on
// loopback, until Close. It returns the page's private URL: its fragment holds
// the token, and fragments are not sent to servers. assets is the built page
// with index.html at its root; without it the page says what to run.
func (s *Server) ServeWeb(ln net.Listener, assets fs.FS) (string, error) {
	addr, ok := ln.Addr().(*net.TCPAddr)
	if !ok || !addr.IP.IsLoopback() {
		_ = ln.Close() // refused: nobody may connect
		return "", Errorf(Invalid, "use --web 127.0.0.1:0", "control: the page is served on loopback only, not on %s", ln.Addr())
	}
	port := fmt.Sprint(addr.Port)
	hosts := map[string]bool{"127.0.0.1:" + port: true, "localhost:" + port: true, "[::1]:" + port: true}

	mux := http.NewServeMux()
	cross := http.NewCrossOriginProtection()
	mux.Handle(Service, cross.Handler(s.sameOrigin(s.withToken(newAPI(s.ctx, s.cfg.Backend, true)))))
	mux.Handle("/", page(assets))
	hs := &http.Server{Handler: s.soon(allowHosts(hosts, secured(mux)))}
	if err := s.serve(hs, limitConns(ln, MaxWebConns)); err != nil {
		return "", err
	}
	return "http://" + net.JoinHostPort(addr.IP.String(), port) + "/#token=" + s.cfg.Token, nil
}

// soon bounds the time of a request that has no token: its body and its
// answer. Otherwise a stranger on this machine could hold every connection for
// ever with bodies that never come, or answers that are never read.
func (s *Server) soon(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		deadline(w, time.Now().Add(s.patience))
		next.ServeHTTP(w, r)
	})
}

// deadline is best effort: a writer of another kind (in tests) has none.
func deadline(w http.ResponseWriter, at time.Time) {
	rc := http.NewResponseController(w)
	_ = rc.SetReadDeadline(at)
	_ = rc.SetWriteDeadline(at)
}

// allowHosts is the guard against DNS rebinding: a page of evil.example that
// resolves to 127.0.0.1 still sends its own Host. It comes first, for every
// path.
func allowHosts(hosts map[string]bool, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !hosts[strings.ToLower(r.Host)] {
			http.Error(w, "this node does not serve that host", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// sameOrigin refuses calls of another page. Origin must be this server's,
// exactly: another port on 127.0.0.1 is somebody else, and "null" is a
// sandboxed frame or a file. Programs that are no browsers send none and need
// only the token.
func (s *Server) sameOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origins := r.Header.Values("Origin")
		site := r.Header.Get("Sec-Fetch-Site")
		switch {
		case len(origins) > 1,
			len(origins) == 1 && origins[0] != "http://"+r.Host,
			site != "" && site != "same-origin":
			refuse(w, r, Errorf(Denied, "open the node's own page", "control: a page of another origin may not call this node"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) withToken(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !s.authorized(r) {
			refuse(w, r, Errorf(Denied, "open the URL that `metatopia status` prints", "%w", errNoToken))
			return
		}
		deadline(w, time.Time{}) // streams have no end
		next.ServeHTTP(w, r)
	})
}
