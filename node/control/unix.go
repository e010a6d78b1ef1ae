package control

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
)

// maxSocketPath is the longest path every system takes in a socket address
// (macOS has 104 bytes with the final zero).
const maxSocketPath = 103

// socketName is the socket's name in a data directory.
const socketName = "control.sock"

// SocketPath is where the node with this data directory has its socket. A
// directory whose path is too long for a socket address gets one under the
// temporary directory, named after a hash of the path.
func SocketPath(home string) string {
	if abs, err := filepath.Abs(home); err == nil {
		home = abs
	}
	path := filepath.Join(home, socketName)
	if len(path) <= maxSocketPath {
		return path
	}
	h := sha256.Sum256([]byte(home))
	return filepath.Join(os.TempDir(), "metatopia-"+strconv.Itoa(os.Getuid()), hex.EncodeToString(h[:8])+".sock")
}

// ServeUnix listens on the socket at path and serves until Close. It refuses
// with Conflict when another node answers there; a socket that nobody answers
// on is left from a crash and replaced.
func (s *Server) ServeUnix(path string) error {
	if err := privateDir(filepath.Dir(path)); err != nil {
		return err
	}
	if err := s.clearStale(path); err != nil {
		return err
	}
	ln, err := net.Listen("unix", path)
	if err != nil {
		return fmt.Errorf("control: %w", err)
	}
	// The directory is 0700, so nobody else can connect before this.
	if err := os.Chmod(path, 0o600); err != nil {
		_ = ln.Close() // the chmod error matters more
		return fmt.Errorf("control: %w", err)
	}
	mux := http.NewServeMux()
	mux.Handle(Service, newAPI(s.ctx, s.cfg.Backend, false))
	s.debug(mux)
	hs := &http.Server{
		Handler:     s.onlyAllowed(mux),
		ConnContext: withCred,
		Protocols:   new(http.Protocols),
	}
	hs.Protocols.SetHTTP1(true)            // curl --unix-socket
	hs.Protocols.SetUnencryptedHTTP2(true) // many streams on one connection
	return s.serve(hs, limitConns(ln, MaxUnixConns))
}

// privateDir makes dir with 0700 and refuses one that others may write to or
// that somebody else owns: they could put their own socket there.
func privateDir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("control: socket directory: %w", err)
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return fmt.Errorf("control: socket directory: %w", err)
	}
	if !info.IsDir() {
		return Errorf(Denied, "remove it", "control: socket directory %s is not a directory", dir)
	}
	if uid, ok := ownerOf(info); ok && !sameUser(uid) {
		return Errorf(Denied, "use another --home", "control: socket directory %s belongs to uid %d", dir, uid)
	}
	if info.Mode().Perm() != 0o700 {
		if err := os.Chmod(dir, 0o700); err != nil {
			return fmt.Errorf("control: socket directory: %w", err)
		}
	}
	return nil
}

// clearStale removes a socket that nobody listens on.
func (s *Server) clearStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("control: socket: %w", err)
	}
	if info.Mode().Type() != fs.ModeSocket {
		return Errorf(Conflict, "move it away", "control: %s is there and is not a socket", path)
	}
	ctx, cancel := context.WithTimeout(s.ctx, probeTimeout)
	defer cancel()
	var d net.Dialer
	conn, err := d.DialContext(ctx, "unix", path)
	if err == nil {
		_ = conn.Close() // only asked whether somebody listens
		return Errorf(Conflict, "stop it with `metatopia stop`, or use another --home",
			"a node is already running with this data directory (%s answers)", path)
	}
	// Refused means that the listener is gone. Anything else (no permission,
	// too many connections) may be a live node.
	if !isRefused(err) {
		return fmt.Errorf("control: socket: %w", err)
	}
	s.log.Info("control: removing the socket of a node that is gone", "path", path)
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("control: socket: %w", err)
	}
	return nil
}

type credKey struct{}

// withCred keeps the peer's uid with the connection. Without one (a system
// that has no peer credentials) the directory's mode is the only guard.
func withCred(ctx context.Context, c net.Conn) context.Context {
	uid, err := peerUID(c)
	return context.WithValue(ctx, credKey{}, peerCred{uid, err})
}

type peerCred struct {
	uid uint32
	err error
}

func (s *Server) onlyAllowed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cred, ok := r.Context().Value(credKey{}).(peerCred)
		switch {
		case ok && errors.Is(cred.err, errors.ErrUnsupported):
		case !ok || cred.err != nil:
			refuse(w, r, Errorf(Denied, "", "control: the peer's user is unknown"))
			return
		case !s.cfg.Allow(cred.uid):
			refuse(w, r, Errorf(Denied, "run the command as the user that runs the node",
				"control: uid %d may not use this node", cred.uid))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// sameUser allows the node's own uid and root, who could read everything
// anyway.
func sameUser(uid uint32) bool { return uid == 0 || int64(uid) == int64(os.Getuid()) }
