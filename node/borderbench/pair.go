package borderbench

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/node/server"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/spatial"
)

// pair is two regions with their servers and networks.
type pair struct {
	a, b      *side
	roundTrip float64 // ms
	removed   map[base.ID]bool
	controls  sync.WaitGroup
	err       atomic.Pointer[error]
	events    map[string]*atomic.Uint64
}

// side is one region.
type side struct {
	*server.Server
	id    base.ID
	site  spatial.Pos
	key   base.Key
	net   *p2p.Net
	topic *p2p.Topic
	ended chan error
}

func open(ctx context.Context, dir string, log *journal) (*pair, error) {
	p := &pair{removed: map[base.ID]bool{}, events: map[string]*atomic.Uint64{server.EventOverload: {}, server.EventBorderBad: {}}}
	var err error
	if p.a, err = p.side(ctx, dir, "from", 0, log); err != nil {
		return nil, err
	}
	if p.b, err = p.side(ctx, dir, "to", 64, log); err != nil {
		return nil, errors.Join(err, p.a.close())
	}
	return p, nil
}

func (p *pair) side(ctx context.Context, dir, name string, x float64, log *journal) (*side, error) {
	seed := sha256.Sum256([]byte("border bench " + name))
	priv := ed25519.NewKeyFromSeed(seed[:])
	s := &side{id: base.DeriveID("border bench", []byte(name)), site: spatial.At(x, 0, 0), ended: make(chan error, 1)}
	copy(s.key[:], priv.Public().(ed25519.PublicKey))
	var err error
	if s.net, err = p2p.New(p2p.Config{Key: priv, Listen: []string{"/ip4/127.0.0.1/udp/0/quic-v1"}}); err != nil {
		return nil, err
	}
	cfg := server.Config{
		Region: region.Config{ID: s.id, Name: name, World: "border bench", Owner: s.key, Site: s.site,
			Min: spatial.At(-96, 0, -96), Max: spatial.At(160, 64, 96), Scripts: pusher{},
			Verify: func(base.Key, []byte, []byte) bool { return false }}, // nobody is here
		Dir:     filepath.Join(dir, name),
		Publish: func(_ base.ID, msg []byte) error { return s.topic.Publish(ctx, msg) },
		Passed:  func(x region.Passage) { log.note(x, s.Status().Tick+1) },
		OnEvent: func(name string, n uint64) {
			if c := p.events[name]; c != nil {
				c.Add(n)
			}
		},
	}
	if s.topic, err = s.net.Topic(topic(s.id), allow(s.key)); err != nil {
		return nil, errors.Join(err, s.net.Close())
	}
	if s.Server, err = server.Open(cfg); err != nil {
		return nil, errors.Join(err, s.net.Close())
	}
	go func() { s.ended <- s.Run(ctx) }()
	return s, nil
}

func topic(id base.ID) string { return "mt/bench/" + id.String() + "/border" }

// allow lets a region's owner alone write to its topic.
func allow(owner base.Key) func(base.Key, []byte) p2p.Verdict {
	return func(from base.Key, data []byte) p2p.Verdict {
		if from != owner || len(data) > region.MaxBorder {
			return p2p.Reject
		}
		return p2p.Accept
	}
}

// meet joins the two: connection, topics, neighbours; and waits until they
// hear each other.
func (p *pair) meet(ctx context.Context) error {
	addrs := p.b.net.Addrs()
	if len(addrs) == 0 {
		return errors.New("no address")
	}
	if _, err := p.a.net.Dial(ctx, addrs[0]); err != nil {
		return err
	}
	for _, s := range [][2]*side{{p.a, p.b}, {p.b, p.a}} {
		me, other := s[0], s[1]
		t, err := me.net.Topic(topic(other.id), allow(other.key))
		if err != nil {
			return err
		}
		if _, err := t.Subscribe(func(_ base.Key, data []byte) { me.HandleBorder(other.id, data) }); err != nil {
			return err
		}
		me.SetNeighbours([]region.Neighbour{{ID: other.id, Name: "other", Site: other.site}})
	}
	// Gossip takes a moment to find who listens, and shards some words to
	// agree on time.
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(3 * time.Second):
	}
	for _, q := range p.a.net.Peers() {
		if q.Key == p.b.key {
			p.roundTrip = q.RTT
		}
	}
	return nil
}

// control logs an entry without waiting for the disk.
func (p *pair) control(s *side, c region.ControlEntry) {
	p.controls.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := s.Control(ctx, c); err != nil {
			err = fmt.Errorf("entry of kind %d: %w", c.Kind, err)
			p.err.CompareAndSwap(nil, &err)
		}
	})
}

// failed is the first error of what goes on in the background.
func (p *pair) failed() error {
	if err := p.err.Load(); err != nil {
		return *err
	}
	return nil
}

func (p *pair) close() error {
	p.controls.Wait()
	return errors.Join(p.a.close(), p.b.close())
}

func (s *side) close() error {
	return errors.Join(s.Server.Close(), s.net.Close())
}
