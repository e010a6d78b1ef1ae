package lumpbench

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/disk"
	"github.com/metatopia/metatopia/lumps/exchange"
	"github.com/metatopia/metatopia/node/p2p"
)

// peer is a node's network, without its other parts.
type peer struct{ net *p2p.Net }

func (b *bench) newPeer() (*peer, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	listen := "/ip4/127.0.0.1/udp/0/quic-v1"
	if b.Transport == "tcp" {
		listen = "/ip4/127.0.0.1/tcp/0"
	}
	n, err := p2p.New(p2p.Config{Key: key, Listen: []string{listen}, Lean: true})
	if err != nil {
		return nil, err
	}
	return &peer{n}, nil
}

func (p *peer) close() {
	if p != nil {
		_ = p.net.Close() // the measurement is over
	}
}

// meet connects two nodes.
func (p *peer) meet(ctx context.Context, other *peer) error {
	addrs := other.net.Addrs()
	if len(addrs) == 0 {
		return fmt.Errorf("a node has no address")
	}
	addr := addrs[0]
	if !strings.Contains(addr, "/p2p/") {
		addr += "/p2p/" + p2p.PeerID(other.net.Key())
	}
	_, err := p.net.Dial(ctx, addr)
	return err
}

// shop is an exchange over a store, both to be closed.
type shop struct {
	*exchange.Exchange
	store lumps.Store
	done  func()
}

// open makes a store in an empty directory and an exchange over it. under
// replaces the store if it is not nil.
func (b *bench) open(ctx context.Context, p *peer, streams bool, under func(lumps.Store) lumps.Store) (*shop, error) {
	dir, remove, err := b.place()
	if err != nil {
		return nil, err
	}
	s, err := b.openAt(ctx, p, dir, streams, under)
	if err != nil {
		remove()
		return nil, err
	}
	done := s.done
	s.done = func() { done(); remove() }
	return s, nil
}

// openAt opens the store of a directory that stays.
func (b *bench) openAt(ctx context.Context, p *peer, dir string, streams bool, under func(lumps.Store) lumps.Store) (*shop, error) {
	files, err := disk.Open(dir, disk.Config{})
	if err != nil {
		return nil, err
	}
	store := lumps.Store(files)
	if under != nil {
		store = under(store)
	}
	x, err := p.net.Lumps(ctx, store, func(lumps.Ref, string, int64) {}, nil,
		func(c *exchange.Config) { c.NoStreams = !streams })
	if err != nil {
		_ = files.Close() // nothing was stored
		return nil, err
	}
	return &shop{x, store, func() {
		_ = x.Close()     // the measurement is over
		_ = files.Close() // as above
	}}, nil
}

// fetch reads a content to its end and tells how long that took.
func (s *shop) fetch(ctx context.Context, ref lumps.Ref, size int64) (time.Duration, error) {
	began := time.Now()
	r, _, err := s.Open(ctx, ref)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	n, err := io.Copy(io.Discard, r)
	if err == nil && n != size {
		err = fmt.Errorf("%d bytes of %d came", n, size)
	}
	return time.Since(began), err
}
