// Package etcd keeps slots in an etcd cluster, version 3.4 or newer: for
// owners who want them on several machines. etcd is made for small data (8 GiB
// at most).
//
// Versions are etcd's revisions. A snapshot is a revision; a commit is one
// etcd transaction that compares the modification revisions of what was read
// with the snapshot's, and puts the values. What is deleted leaves a mark, for
// a comparison of a range does not see that a key is gone; Compact takes the
// marks away.
//
// It speaks etcd's JSON interface, which is on wherever it was not turned off:
// etcd's own client brings definitions that clash with those of the network
// (both have a file rpc.proto), and ten megabytes.
//
// Keys, below the prefix that the URL names (metatopia/):
//
//	f        format
//	s/KEY    1 and the value, or 0: deleted
//	i/ID     an idempotency key
package etcd

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/metatopia/metatopia/region/slots"
)

const (
	format = "1"
	// maxOps bounds the comparisons, and the puts, of one etcd transaction
	// (--max-txn-ops, 128).
	maxOps = 128
)

// Engine is a prefix of a cluster. It implements slots.Engine.
type Engine struct {
	c      *gate
	prefix string
	place  string
	ctx    context.Context // over when the engine is closed
	over   context.CancelFunc
}

var _ slots.Engine = (*Engine)(nil)

type target struct {
	hosts      []string
	prefix     string
	user, pass string
	tls        bool
}

func parse(place string) (t target, err error) {
	u, err := url.Parse(place)
	if err != nil {
		return t, errors.New("not a URL") // its text may hold a password
	}
	t.tls = u.Scheme == "etcds"
	if u.Host == "" {
		return t, errors.New("want etcd://HOST:PORT,HOST:PORT/PREFIX")
	}
	for _, h := range strings.Split(u.Host, ",") {
		if !strings.Contains(h, ":") {
			h += ":2379"
		}
		t.hosts = append(t.hosts, h)
	}
	if t.prefix = strings.Trim(u.Path, "/"); t.prefix == "" {
		t.prefix = "metatopia"
	}
	if len(t.prefix) > 64 {
		return t, errors.New("the prefix is longer than 64 bytes")
	}
	t.prefix += "/"
	t.user = u.User.Username()
	t.pass, _ = u.User.Password()
	return t, nil
}

// Check tells whether a URL can be one of a cluster.
func Check(place string) error {
	_, err := parse(place)
	return err
}

// Open connects.
func Open(ctx context.Context, place string) (*Engine, error) {
	t, err := parse(place)
	if err != nil {
		return nil, fmt.Errorf("slots: open etcd: %w", err)
	}
	e := &Engine{c: newGate(t), prefix: t.prefix, place: fmt.Sprintf("etcd://%s/%s", strings.Join(t.hosts, ","), strings.TrimSuffix(t.prefix, "/"))}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	f := []byte(e.prefix + "f")
	// Each of the hosts once: this changes nothing that is there.
	var r txnAnswer
	for range t.hosts {
		if r, err = e.c.txn(ctx, txnRequest{Compare: []compare{{Key: f, Target: "CREATE", Result: "EQUAL", Create: new(int64)}},
			Success: []op{{Put: &put{f, []byte(format)}}}, Failure: []op{{Range: &rangeRequest{Key: f}}}}); err == nil {
			break
		}
	}
	if err == nil && !r.Succeeded {
		if kvs := r.kvs(); len(kvs) != 1 || string(kvs[0].Value) != format {
			err = fmt.Errorf("%w: another format than %s", slots.ErrCorrupt, format)
		}
	}
	if err != nil {
		e.c.close()
		return nil, fmt.Errorf("slots: open %s: %w", e.place, err)
	}
	e.ctx, e.over = context.WithCancel(context.Background())
	return e, nil
}

// kvs are what the first answer of a transaction found.
func (a *txnAnswer) kvs() []keyValue {
	if len(a.Responses) == 0 {
		return nil
	}
	return a.Responses[0].Range.Kvs
}

// Close implements slots.Engine.
func (e *Engine) Close() error {
	e.over()
	e.c.close()
	return nil
}

// About implements slots.Engine.
func (e *Engine) About(ctx context.Context) (slots.About, error) {
	a := slots.About{Engine: "etcd", Place: e.place, Isolation: "compare and put at one revision"}
	r, err := e.c.get(ctx, rangeRequest{Key: []byte(e.prefix + "f")})
	if err != nil {
		return a, err
	}
	a.Head = slots.Version(r.Header.Revision)
	var st struct {
		Version string `json:"version"`
	}
	if err := e.c.call(ctx, "/v3/maintenance/status", struct{}{}, &st); err == nil {
		a.Server = "etcd " + st.Version
	}
	a.Compacted, err = e.compacted(ctx)
	return a, err
}

// compacted asks for what the format key was from the first revision on: the
// answer is its making, or from which revision on there are answers.
func (e *Engine) compacted(ctx context.Context) (v slots.Version, err error) {
	key := []byte(e.prefix + "f")
	err = e.c.watch(ctx, key, nil, 1, func(a *watchAnswer) bool {
		v = slots.Version(a.Result.Compacted)
		return v == 0 && len(a.Result.Events) == 0
	})
	return v, err
}

func (e *Engine) slot(key string) string { return e.prefix + "s/" + key }

// span is a span of slots as keys of etcd.
func (e *Engine) span(s slots.Span) (from, to string) {
	if s.To == "" {
		return e.slot(s.From), e.prefix + "s0" // behind "s/"
	}
	return e.slot(s.From), e.slot(s.To)
}

func (e *Engine) idem(id slots.ID) string { return e.prefix + "i/" + id.String() }

// value takes a value of etcd apart.
func value(b []byte) (v []byte, there bool, err error) {
	switch {
	case len(b) == 1 && b[0] == 0:
		return nil, false, nil
	case len(b) == 0 || b[0] != 1:
		return nil, false, fmt.Errorf("%w: a value of no kind", slots.ErrCorrupt)
	}
	return b[1:], true, nil
}
