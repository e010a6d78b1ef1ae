package lumpbench

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/node/p2p"
)

// pair is two connected nodes, the first of which has the content.
type pair struct {
	from, to *peer
	shop     *shop
	ref      lumps.Ref
	sinks    sinks // of the stores that receive
	remove   func()
}

func (p *pair) close() {
	if p.shop != nil {
		p.shop.done()
	}
	p.to.close()
	p.from.close()
	if p.remove != nil {
		p.remove()
	}
}

func (b *bench) newPair(ctx context.Context) (p *pair, err error) {
	p = &pair{}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	if p.sinks.dir, p.remove, err = b.place(); err != nil {
		return p, err
	}
	if p.from, err = b.newPeer(); err != nil {
		return p, err
	}
	if p.to, err = b.newPeer(); err != nil {
		return p, err
	}
	if p.shop, err = b.open(ctx, p.from, true, nil); err != nil {
		return p, err
	}
	st, err := p.shop.Add(ctx, newContent(b.Seed, b.Bytes), false)
	if err != nil {
		return p, err
	}
	p.ref = st.Ref
	select {
	case <-time.After(b.Rest):
	case <-ctx.Done():
		return p, ctx.Err()
	}
	return p, p.to.meet(ctx, p.from)
}

// over fetches the content into an empty store.
func (b *bench) over(p *pair, streams bool) func(context.Context) (time.Duration, error) {
	return func(ctx context.Context) (time.Duration, error) {
		dir, err := p.sinks.next()
		if err != nil {
			return 0, err
		}
		s, err := b.openAt(ctx, p.to, dir, streams, nil)
		if err != nil {
			return 0, err
		}
		d, err := s.fetch(ctx, p.ref, b.Bytes)
		if st := s.Stats(); err == nil && st.Stream.Bytes+st.Bitswap.Bytes < b.Bytes {
			err = fmt.Errorf("not everything came: %+v", st)
		}
		s.done()
		if err == nil {
			err = hollow(dir)
		}
		return d, err
	}
}

const plainProtocol = "/metatopia/bench/plain/1"

// plain copies as many bytes over a stream, and hashes them where they arrive.
func (b *bench) plain(p *pair) func(context.Context) (time.Duration, error) {
	return func(ctx context.Context) (time.Duration, error) {
		began := time.Now()
		s, err := b.pour(ctx, p)
		if err != nil {
			return 0, err
		}
		defer s.Reset()
		n, err := io.CopyBuffer(struct{ io.Writer }{sha256.New()}, struct{ io.Reader }{s}, make([]byte, 256<<10))
		if err == nil && n != b.Bytes {
			err = fmt.Errorf("%d bytes of %d came", n, b.Bytes)
		}
		return time.Since(began), err
	}
}

// pour opens a stream on which the content comes.
func (b *bench) pour(ctx context.Context, p *pair) (s p2p.Stream, err error) {
	p.from.net.Handle(plainProtocol, func(_ base.Key, s p2p.Stream) {
		var one [1]byte
		if _, err := io.ReadFull(s, one[:]); err != nil {
			return
		}
		_, _ = io.CopyBuffer(struct{ io.Writer }{s}, newContent(b.Seed, b.Bytes), make([]byte, 256<<10)) // the other side counts
	})
	if s, err = p.to.net.Open(ctx, p.from.net.Key(), plainProtocol); err != nil {
		return s, err
	}
	if _, err = s.Write([]byte{1}); err != nil {
		s.Reset()
	}
	return s, err
}

// transfer compares our streams with bitswap, with a plain copy, and with Kubo.
func (b *bench) transfer(ctx context.Context) error {
	p, err := b.newPair(ctx)
	if err != nil {
		return err
	}
	defer p.close()
	ways := []way{{"stream", b.over(p, true)}, {"plain", b.plain(p)}, {"stored", b.stored(p)}, {"bitswap", b.over(p, false)}}
	if b.Kubo != "" {
		k, err := b.newKubo(ctx)
		if err != nil {
			return fmt.Errorf("kubo: %w", err)
		}
		defer k.close()
		ways = append(ways, way{"kubo", k.fetch})
	}
	took, err := b.race(ctx, ways)
	if err != nil {
		return err
	}
	b.report.Set("stream_mb_s", b.speed(took["stream"]))
	b.report.Set("bitswap_mb_s", b.speed(took["bitswap"]))
	b.report.Refer("plain_mb_s", b.speed(took["plain"]))
	b.report.Refer("stored_mb_s", b.speed(took["stored"]))
	b.report.Set("stream_over_stored", took["stored"].Seconds()/took["stream"].Seconds())
	b.report.Set("stream_over_plain", took["plain"].Seconds()/took["stream"].Seconds())
	if d, ok := took["kubo"]; ok {
		b.report.Refer("kubo_mb_s", b.speed(d))
		b.report.Set("stream_over_kubo", d.Seconds()/took["stream"].Seconds())
	}
	return nil
}

// imports measures Add, which flushes everything.
func (b *bench) imports(ctx context.Context) error {
	p, err := b.newPeer()
	if err != nil {
		return err
	}
	defer p.close()
	took, err := b.race(ctx, []way{{"import", func(ctx context.Context) (time.Duration, error) {
		s, err := b.open(ctx, p, true, nil)
		if err != nil {
			return 0, err
		}
		defer s.done()
		began := time.Now()
		_, err = s.Add(ctx, newContent(b.Seed, b.Bytes), true)
		return time.Since(began), err
	}}})
	if err != nil {
		return err
	}
	b.report.Set("import_mb_s", b.speed(took["import"]))
	return nil
}
