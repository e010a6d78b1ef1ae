package transfer

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
)

// Store is what is sent from and taken into.
type Store interface {
	lumps.Getter
	lumps.Haser
	lumps.Cacher
}

// Config of Transfers. Key, Store and Ledger are required.
type Config struct {
	Key    ed25519.PrivateKey // of this node: it signs receipts
	Store  Store              // a lumps.Holder is held while a content moves
	Ledger *Ledger
	// Received is called for every content that was taken, after its receipt
	// was written. May be nil; must not block.
	Received func(from base.Key, c Content)
	// Fault is called when a peer did what no correct peer does. May be nil;
	// must not block.
	Fault func(peer base.Key, err error)
	Now   func() time.Time // of receipts; nil: time.Now
	Log   *slog.Logger     // nil: silent
}

// Transfers sends and takes contents. Every method may be called from any
// goroutine.
type Transfers struct {
	cfg    Config
	self   base.Key
	asking atomic.Int32
	going  atomic.Int32
	stat   [stats]atomic.Uint64
}

// Counters of Stats.
const (
	statOffered  = iota // offers read
	statRefused         // offers refused
	statReceived        // contents taken
	statBytesIn         // bytes of lumps that came
	statSent            // contents sent, with a receipt
	statBytesOut        // bytes of lumps sent
	statFaults          // what no correct peer does
	statBroken          // transfers that ended early, either way
	stats
)

var statNames = [stats]string{"offered", "refused", "received", "bytes_in", "sent", "bytes_out", "faults", "broken"}

// New makes Transfers.
func New(cfg Config) (*Transfers, error) {
	if len(cfg.Key) != ed25519.PrivateKeySize || cfg.Store == nil || cfg.Ledger == nil {
		return nil, errors.New("lumps/transfer: new: a key, a store and a ledger are required")
	}
	if cfg.Received == nil {
		cfg.Received = func(base.Key, Content) {}
	}
	if cfg.Fault == nil {
		cfg.Fault = func(base.Key, error) {}
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	t := &Transfers{cfg: cfg}
	copy(t.self[:], cfg.Key.Public().(ed25519.PublicKey))
	return t, nil
}

// Ledger is that of the Config.
func (t *Transfers) Ledger() *Ledger { return t.cfg.Ledger }

// Stats adds counters, whose names begin with prefix.
func (t *Transfers) Stats(to map[string]uint64, prefix string) {
	for i, name := range statNames {
		to[prefix+name] = t.stat[i].Load()
	}
}

// hold keeps what is read and put from a sweep.
func (t *Transfers) hold() (release func()) {
	if h, ok := t.cfg.Store.(lumps.Holder); ok {
		return h.Hold()
	}
	return func() {}
}

func isFault(err error) bool { return errors.Is(err, ErrProtocol) || errors.Is(err, ErrForged) }

// fault notes what no correct peer does, if err is such.
func (t *Transfers) fault(peer base.Key, err error) {
	if !isFault(err) {
		return
	}
	t.stat[statFaults].Add(1)
	t.cfg.Log.Debug("lump transfer broke the rules", "peer", peer.Short(), "err", err)
	t.cfg.Fault(peer, err)
}

// guard resets a stream when ctx ends.
func guard(ctx context.Context, s Stream) (stop func()) {
	off := context.AfterFunc(ctx, s.Reset)
	return func() { off() }
}

func newSequence() (uint64, error) {
	var b [8]byte
	if _, err := rand.Read(b[:]); err != nil {
		return 0, fmt.Errorf("no randomness: %w", err)
	}
	return binary.LittleEndian.Uint64(b[:]), nil
}
