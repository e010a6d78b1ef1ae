package regionbench

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/byzantine"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/region/order"
)

// byzantineCluster is some servers that need not trust each other, each with
// its own host and log.
type byzantineCluster struct {
	dir     string
	delay   time.Duration
	base    byzantine.Base
	members []*byzantineMember
	*accord
}

// byzantineMember is one server of it.
type byzantineMember struct {
	c    *byzantineCluster
	id   int
	key  ed25519.PrivateKey
	net  *p2p.Net
	log  *byzantine.Log
	quit chan struct{}
	wg   sync.WaitGroup
	taker
}

func openByzantine(ctx context.Context, dir string, n int, delay time.Duration) (*byzantineCluster, error) {
	dir, err := os.MkdirTemp(dir, "region-*")
	if err != nil {
		return nil, err
	}
	c := &byzantineCluster{dir: dir, delay: delay, accord: newAccord()}
	var keys []base.Key
	for i := range n {
		m := &byzantineMember{c: c, id: i + 1, key: ed25519.NewKeyFromSeed(append(make([]byte, 31), byte(i+1)))}
		c.members = append(c.members, m)
		keys = append(keys, m.public())
	}
	if c.base, err = byzantine.Found(1, 0, order.Sum{}, keys); err != nil {
		return nil, err
	}
	for _, m := range c.members {
		if err := m.start(ctx, &c.base); err != nil {
			return nil, errors.Join(err, c.close())
		}
	}
	if _, err := c.leader(ctx); err != nil {
		return nil, errors.Join(err, c.close())
	}
	return c, nil
}

func (m *byzantineMember) public() (k base.Key) {
	copy(k[:], m.key.Public().(ed25519.PublicKey))
	return k
}

// start begins a server, or goes on with its log.
func (m *byzantineMember) start(ctx context.Context, from *byzantine.Base) (err error) {
	if m.net, err = p2p.New(p2p.Config{Key: m.key, Listen: []string{"/ip4/127.0.0.1/tcp/0"}, Lean: true}); err != nil {
		return err
	}
	for _, o := range m.c.members {
		if o == m || o.net == nil {
			continue
		}
		if _, err := m.net.Dial(ctx, o.net.Addrs()[0]); err != nil {
			return err
		}
	}
	m.log, err = byzantine.Open(byzantine.Config{Region: regionID, Key: m.public(), Dir: filepath.Join(m.c.dir, fmt.Sprint(m.id)), Base: from,
		Net: far{p2p.Streams{Net: m.net}, m.c.delay}, Sign: func(b []byte) []byte { return ed25519.Sign(m.key, b) }})
	if err != nil {
		return err
	}
	m.quit = make(chan struct{})
	log, quit := m.log, m.quit
	m.wg.Go(func() {
		m.take(m.c.accord, log, quit, func(base.Tick) {}, func(err error) {
			if !errors.Is(err, byzantine.ErrKilled) {
				m.c.fail(fmt.Errorf("server %d: %w", m.id, err))
			}
		})
	})
	m.wg.Go(func() { // ticks, so that there always are some
		t := time.NewTicker(time.Second / 20)
		defer t.Stop()
		for {
			select {
			case <-t.C:
				if m.c.own() {
					log.Cut(0, [32]byte{})
				}
			case <-quit:
				return
			}
		}
	})
	return nil
}

// kill ends a server as kill -9 would.
func (m *byzantineMember) kill() (ended chan struct{}) {
	net, log := m.net, m.log
	m.net = nil
	ended = make(chan struct{})
	go func() {
		net.Close()
		close(ended)
	}()
	log.Kill()
	close(m.quit)
	m.wg.Wait()
	return ended
}

// leader waits for one that leads, and until all have streams to all.
func (c *byzantineCluster) leader(ctx context.Context) (l *byzantineMember, err error) {
	err = c.until(ctx, 2*time.Minute, func() bool {
		for _, m := range c.members {
			if m.log.Leading() {
				l = m
			}
			if len(m.log.Status().Streams) < len(c.members)-1 {
				return false
			}
		}
		return l != nil
	})
	return l, err
}

// describe is for reports of trouble.
func (c *byzantineCluster) describe(dead *byzantineMember) (s string) {
	for _, m := range c.members {
		if m != dead {
			s += fmt.Sprintf("\nserver %d: %+v", m.id, m.log.Status())
		}
	}
	return s
}

func (c *byzantineCluster) close() (err error) {
	for _, m := range c.members {
		if m.log != nil && m.net != nil {
			err = errors.Join(err, m.log.Close())
			close(m.quit)
			m.wg.Wait()
		}
		if m.net != nil {
			err = errors.Join(err, m.net.Close())
		}
	}
	return errors.Join(err, os.RemoveAll(c.dir))
}
