package transfer

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/internal/durable"
)

const (
	accountSuffix = ".account"
	damagedSuffix = ".damaged"
)

func (l *Ledger) path(peer base.Key) string {
	return filepath.Join(l.dir, peer.String()+accountSuffix)
}

// load reads every account.
func (l *Ledger) load() error {
	if err := os.MkdirAll(l.dir, 0o700); err != nil {
		return err
	}
	d, err := os.Open(l.dir)
	if err != nil {
		return err
	}
	defer d.Close()
	for {
		names, err := d.Readdirnames(256)
		for _, name := range names {
			if err := l.loadFile(name); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (l *Ledger) loadFile(name string) error {
	file := filepath.Join(l.dir, name)
	if strings.HasPrefix(name, durable.TempPrefix) {
		return os.Remove(file) // of a write that was cut short
	}
	if !strings.HasSuffix(name, accountSuffix) {
		return nil
	}
	a, err := readAccount(file)
	switch {
	case err == nil && l.path(a.peer) == file && len(l.peers) < MaxPeers:
		l.peers[a.peer] = a
		return nil
	case err == nil:
		err = ErrDamaged
	case !errors.Is(err, ErrDamaged):
		return err
	}
	l.log.Warn("agreement with a peer is damaged: agree anew, if you like", "file", file, "err", err)
	return os.Rename(file, strings.TrimSuffix(file, accountSuffix)+damagedSuffix)
}

func readAccount(file string) (*account, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxAccount+1))
	if err != nil {
		return nil, err
	}
	return decodeAccount(b)
}

// save replaces the file of an account, or removes that of one which says
// nothing: after a crash the old or the new is there, whole. l.mu is held.
func (l *Ledger) save(a *account) error {
	file := l.path(a.peer)
	if !a.agreed && len(a.contents) == 0 {
		if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return durable.SyncDir(l.dir)
	}
	if err := durable.WriteFile(file, a.encode()); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return nil
}
