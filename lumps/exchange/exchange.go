package exchange

import (
	"context"
	"errors"
	"io"
	"iter"
	"log/slog"
	"time"

	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/routing"

	"github.com/metatopia/metatopia/lumps"
)

// Config of an Exchange.
type Config struct {
	Host    host.Host              // required; not closed by the exchange
	Routing routing.ContentRouting // finds and announces providers; nil: connected peers only
	Store   lumps.Store            // required; not closed by the exchange
	Prefix  string                 // of the bitswap protocol name; "" = DefaultPrefix

	// OnFetched is called once for every content that became complete here
	// with help of another node: the root, the peer that sent the first lump,
	// and how many bytes of lumps other nodes sent. May be nil; must not block.
	OnFetched func(ref lumps.Ref, from peer.ID, n int64)

	Stall          time.Duration // a lump nobody sends for so long is not found; 0 = DefaultStall
	ReprovideEvery time.Duration // pinned roots are announced again this often; 0 = DefaultReprovideEvery
	Log            *slog.Logger  // nil: silent
}

// Exchange is safe for use from any goroutine.
type Exchange struct{ cfg Config }

var errUnbuilt = errors.New("lumps/exchange: skeleton")

func New(ctx context.Context, cfg Config) (*Exchange, error) { return &Exchange{cfg}, nil }

func (x *Exchange) Add(ctx context.Context, r io.Reader, pin bool) (lumps.Stat, error) {
	return lumps.Stat{}, errUnbuilt
}
func (x *Exchange) Open(ctx context.Context, ref lumps.Ref) (io.ReadCloser, lumps.Info, error) {
	return nil, lumps.Info{}, errUnbuilt
}
func (x *Exchange) Bytes(ctx context.Context, ref lumps.Ref, limit int64) ([]byte, lumps.Info, error) {
	return nil, lumps.Info{}, errUnbuilt
}
func (x *Exchange) Has(ctx context.Context, ref lumps.Ref) (bool, error) { return false, errUnbuilt }
func (x *Exchange) Stat(ctx context.Context, ref lumps.Ref) (lumps.Stat, error) {
	return lumps.Stat{}, errUnbuilt
}
func (x *Exchange) List(ctx context.Context) iter.Seq2[lumps.Stat, error] {
	return func(yield func(lumps.Stat, error) bool) {}
}
func (x *Exchange) Pin(ctx context.Context, ref lumps.Ref) (lumps.Stat, error) {
	return lumps.Stat{}, errUnbuilt
}
func (x *Exchange) Unpin(ctx context.Context, ref lumps.Ref) error { return errUnbuilt }
func (x *Exchange) Providers(ctx context.Context, ref lumps.Ref, max int) ([]peer.AddrInfo, error) {
	return nil, errUnbuilt
}
func (x *Exchange) Reprovide(ctx context.Context) (int, error) { return 0, errUnbuilt }
func (x *Exchange) Close() error                               { return nil }
