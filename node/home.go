package node

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/metatopia/metatopia/internal/durable"
)

// home is the data directory of one node:
//
//	identity.key    Ed25519 seed, hex, mode 0600
//	lock            held while a process uses the directory
//	world.json      which world, and peers to start from
//	regions/ID/     one directory a served region
//	law/            what is proven of regions' roles, two files each
//	keep.json       which regions' checkpoints are kept, and which they are
//	lumps/          the lump store
//	mounts.json     directories that are read
//	packages.json   packages installed or made here, with their grants
//	authors/        releases of the authors of packages, one file a key
//	lodgers.json    which peers may run processes here
//	agreed/         from whom lumps are taken, one file a peer
//	wasm/           compiled modules (native code: trusted, mode 0700)
//	logs/           the last lines of processes
//	control.sock    the local API
type home struct {
	dir  string
	lock *os.File
}

// ErrInUse: another process has the data directory.
var ErrInUse = errors.New("node: data directory is in use by another process")

func openHome(dir string) (*home, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("node: data directory: %w", err)
	}
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("node: data directory: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, fmt.Errorf("%w: %s", ErrInUse, dir)
	}
	return &home{dir: dir, lock: f}, nil
}

func (h *home) path(elem ...string) string {
	return filepath.Join(append([]string{h.dir}, elem...)...)
}

func (h *home) close() { h.lock.Close() }

// identity reads the node's key, or makes one. A damaged key file is an
// error, never silently replaced: the key is the person.
func (h *home) identity() (ed25519.PrivateKey, error) {
	file := h.path("identity.key")
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		seed := make([]byte, ed25519.SeedSize)
		if _, err := rand.Read(seed); err != nil {
			return nil, fmt.Errorf("node: make identity: %w", err)
		}
		if err := durable.WriteFile(file, []byte(hex.EncodeToString(seed)+"\n")); err != nil {
			return nil, fmt.Errorf("node: write identity: %w", err)
		}
		return ed25519.NewKeyFromSeed(seed), nil
	}
	if err != nil {
		return nil, fmt.Errorf("node: read identity: %w", err)
	}
	seed, err := hex.DecodeString(strings.TrimSpace(string(b)))
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("node: identity %s is damaged: restore it from a backup, or move it away to become somebody new", file)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// write replaces a file in the directory, and makes the folder that it is in.
func (h *home) write(file string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return err
	}
	return durable.WriteFile(file, b)
}

func (h *home) saveJSON(name string, v any) error {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(h.path(name)), 0o700); err != nil {
		return err
	}
	return durable.WriteFile(h.path(name), append(b, '\n'))
}

// loadJSON reports found = false when the file is not there.
func (h *home) loadJSON(name string, v any) (found bool, err error) {
	b, err := os.ReadFile(h.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("node: read %s: %w", name, err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		return false, fmt.Errorf("node: %s is damaged: %w", h.path(name), err)
	}
	return true, nil
}

// savedProfile is profile.json.
type savedProfile struct {
	Name string `json:"name"`
}

// rememberName keeps the person's name over restarts without --name.
func (n *Node) rememberName() error {
	var p savedProfile
	if _, err := n.home.loadJSON("profile.json", &p); err != nil {
		return err
	}
	switch {
	case n.cfg.Name == "" && p.Name == "":
		n.cfg.Name = "guest-" + n.key.Short()[:4]
		return nil
	case n.cfg.Name == "":
		n.cfg.Name = p.Name
		return nil
	case n.cfg.Name == p.Name:
		return nil
	}
	return n.home.saveJSON("profile.json", savedProfile{n.cfg.Name})
}
