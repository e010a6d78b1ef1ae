package regionbench

import (
	"context"
	"crypto/ed25519"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/node/replica"
	"github.com/metatopia/metatopia/region/order"
	"github.com/metatopia/metatopia/region/order/raft"
)

// rate is of ticks, in Hz: three times a region's.
const rate = 60

var regionID = base.ID{0xbe}

// cluster is some servers, each with its own host and log.
type cluster struct {
	dir     string
	delay   time.Duration
	quic    bool
	moved   bool // a server that starts again listens at another port
	members []*member
	*accord
}

// member is one server of it.
type member struct {
	c    *cluster
	key  ed25519.PrivateKey
	id   uint64
	net  *p2p.Net
	udp  *sockets // of QUIC
	at   string   // where it listens, in all its lives unless cluster.moved
	log  *replica.Log
	quit chan struct{}
	wg   sync.WaitGroup
	taker
}

// open founds a region of n servers and waits until one leads.
func open(ctx context.Context, dir string, n int, delay time.Duration, quic bool) (*cluster, error) {
	dir, err := os.MkdirTemp(dir, "region-*")
	if err != nil {
		return nil, err
	}
	c := &cluster{dir: dir, delay: delay, quic: quic, accord: newAccord()}
	var keys []base.Key
	for i := range n {
		m := &member{c: c, id: uint64(i + 1), key: ed25519.NewKeyFromSeed(append(make([]byte, 31), byte(i+1)))}
		c.members = append(c.members, m)
		keys = append(keys, m.public())
	}
	from, err := raft.Found(1, 0, order.Sum{}, 0, keys)
	if err != nil {
		return nil, err
	}
	for _, m := range c.members {
		if err := m.start(ctx, &from); err != nil {
			return c, errors.Join(err, c.close())
		}
	}
	if _, err := c.leader(ctx); err != nil {
		return c, errors.Join(err, c.close())
	}
	return c, nil
}

func (m *member) public() (k base.Key) {
	copy(k[:], m.key.Public().(ed25519.PublicKey))
	return k
}

// start begins a server, or goes on with its log.
func (m *member) start(ctx context.Context, from *raft.Base) (err error) {
	cfg := p2p.Config{Key: m.key, Listen: []string{"/ip4/127.0.0.1/tcp/0"}, Lean: true}
	if m.c.quic {
		m.udp = &sockets{}
		cfg.Listen, cfg.UDP = []string{"/ip4/127.0.0.1/udp/0/quic-v1"}, m.udp.open
	}
	if m.at != "" && !m.c.moved {
		cfg.Listen = []string{m.at} // as a server's owner has it
	}
	if m.net, err = p2p.New(cfg); err != nil {
		return err
	}
	m.at, _, _ = strings.Cut(m.net.Addrs()[0], "/p2p/")
	for _, o := range m.c.members {
		if o == m || o.net == nil {
			continue
		}
		if _, err := m.net.Dial(ctx, o.net.Addrs()[0]); err != nil {
			return err
		}
	}
	m.log, err = replica.Open(replica.Config{Region: regionID, Key: m.public(), Dir: filepath.Join(m.c.dir, fmt.Sprint(m.id)),
		Base: from, Self: m.id, Sign: m.cutSigner(), Net: far{p2p.Streams{Net: m.net}, m.c.delay}})
	if err != nil {
		return err
	}
	m.quit = make(chan struct{})
	log, quit := m.log, m.quit
	m.wg.Go(func() {
		m.take(m.c.accord, log, quit, func(at base.Tick) {
			// A server of this bench takes no checkpoint: one that is cut off for
			// long still finds all that it lacks.
			if at%512 == 0 && !m.c.moved {
				_ = log.Compact(at)
			}
		}, func(err error) {
			if !errors.Is(err, replica.ErrKilled) {
				m.c.fail(fmt.Errorf("server %d: %w", m.id, err))
			}
		})
	})
	m.wg.Go(func() { m.cut(log, quit) })
	return nil
}

// cut makes ticks while this server leads. The time stands where the state's
// hash would.
func (m *member) cut(log *replica.Log, quit chan struct{}) {
	t := time.NewTicker(time.Second / rate)
	defer t.Stop()
	for {
		select {
		case <-t.C:
		case <-quit:
			return
		}
		if log.Leading() && m.c.own() {
			log.Cut(log.Durable(), stamp(time.Now()))
		}
	}
}

func stamp(t time.Time) (state [32]byte) {
	binary.LittleEndian.PutUint64(state[:], uint64(t.UnixNano()))
	return state
}

func stampOf(r *order.Encoded) time.Time {
	return time.Unix(0, int64(binary.LittleEndian.Uint64(r.State[:])))
}

// leader waits for one.
func (c *cluster) leader(ctx context.Context) (l *member, err error) {
	err = c.until(ctx, 2*time.Minute, func() bool {
		for _, m := range c.members {
			if m.log != nil && m.log.Leading() {
				l = m
				return true
			}
		}
		return false
	})
	return l, err
}

// kill ends a server as kill -9 would.
func (m *member) kill() (ended chan struct{}) {
	net, log, quit := m.net, m.log, m.quit
	m.net, m.log = nil, nil
	ended = make(chan struct{})
	if m.udp != nil {
		m.udp.mute() // QUIC would say goodbye, and a killed process cannot
	}
	go func() {
		net.Close() // what the system does to a process's connections
		close(ended)
	}()
	log.Kill()
	close(quit)
	m.wg.Wait()
	return ended
}

func (c *cluster) close() (err error) {
	for _, m := range c.members {
		if m.log != nil {
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

// describe is for reports of trouble.
func (c *cluster) describe() (s string) {
	for _, m := range c.members {
		if m.log != nil {
			s += fmt.Sprintf("\nserver %d: %+v", m.id, m.log.Status())
		}
	}
	return s
}
