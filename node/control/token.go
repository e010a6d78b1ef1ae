package control

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
)

// minToken is the least length of a token: 128 bits in base64.
const minToken = 22

var errNoToken = errors.New("control: no valid token")

// newToken is 256 random bits. A token lives as long as its server: it is the
// session, and a restart ends every session.
func newToken() string {
	var b [32]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// authorized compares in constant time. Hashing first makes the lengths equal.
func (s *Server) authorized(r *http.Request) bool {
	given, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return false
	}
	a, b := sha256.Sum256([]byte(given)), sha256.Sum256([]byte(s.cfg.Token))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// WriteTokenFile puts text (a token or a URL that holds one) into a file that
// only its user can read. A file that was there is replaced, not rewritten:
// an open handle of somebody else keeps the old content.
func WriteTokenFile(path, text string) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".token-*") // 0600
	if err != nil {
		return fmt.Errorf("control: token file: %w", err)
	}
	_, err = tmp.WriteString(text + "\n")
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		_ = os.Remove(tmp.Name()) // best effort: the write error matters more
		return fmt.Errorf("control: token file: %w", err)
	}
	return nil
}
