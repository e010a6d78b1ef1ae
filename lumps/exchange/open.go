package exchange

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/unixfs"
)

// Open begins to read a content. It returns when the first bytes are here, so
// that Info is known; the rest is fetched while it is read, a few lumps ahead.
// What arrives stays in the store. The reader ends with ctx.
//
// Errors, of Open and of Read: ErrNotFound when nobody sends a lump for
// Config.Stall; ErrBadNode (package unixfs) when the tree is not one;
// ErrTooLarge, ErrFull, ErrClosed; errors of ctx.
func (x *Exchange) Open(ctx context.Context, ref lumps.Ref) (io.ReadCloser, lumps.Info, error) {
	return x.OpenAt(ctx, ref, 0)
}

// OpenAt is Open from a byte of the content on. What lies before is not
// fetched. An offset beyond the end is ErrTooLarge.
func (x *Exchange) OpenAt(ctx context.Context, ref lumps.Ref, offset int64) (io.ReadCloser, lumps.Info, error) {
	c, err := x.openAt(ctx, ref, offset, false, nil)
	if err != nil {
		return nil, lumps.Info{}, fmt.Errorf("lumps/exchange: open %s: %w", ref, err)
	}
	return c, c.info(), nil
}

// open begins to read; given is told of every lump that was read, nil for nobody.
func (x *Exchange) open(ctx context.Context, ref lumps.Ref, bulk bool, given func(lumps.Ref) error) (*content, error) {
	return x.openAt(ctx, ref, 0, bulk, given)
}

func (x *Exchange) openAt(ctx context.Context, ref lumps.Ref, offset int64, bulk bool, given func(lumps.Ref) error) (*content, error) {
	if ref.IsZero() || offset < 0 {
		return nil, lumps.ErrBadRef
	}
	f, err := newFetcher(ctx, x, ref, bulk)
	if err != nil {
		return nil, err
	}
	c := &content{ref: ref, fetch: f, walk: unixfs.NewReaderAt(ref, offset), part: offset > 0, given: given}
	err = c.fill()
	if size, known := c.walk.Size(); known && offset > size {
		err = fmt.Errorf("byte %d of %d: %w", offset, size, lumps.ErrTooLarge)
	}
	if err != nil && err != io.EOF {
		f.close()
		return nil, err
	}
	return c, nil
}

// content reads one tree in order. Not for two goroutines at a time.
type content struct {
	ref   lumps.Ref
	fetch *fetcher
	walk  *unixfs.Reader
	buf   []byte // content not read yet
	used  []byte // what buf is part of, when it is ours alone
	err   error  // what Read gives when buf is empty
	soon  []unixfs.Link
	part  bool // it is not read from its beginning
	given func(lumps.Ref) error

	from   peer.ID // who sent the first lump that was not here
	remote int64   // bytes of lumps that other nodes sent
}

func (c *content) info() lumps.Info {
	size, _ := c.walk.Size()
	info := lumps.Info{Size: size, Source: lumps.SourceDisk}
	if c.from != "" {
		info.Source = c.from.String()
	}
	return info
}

// fill gets lumps until there is content to read, the end, or an error.
func (c *content) fill() error {
	for len(c.buf) == 0 && c.err == nil {
		c.err = c.next()
	}
	if len(c.buf) > 0 {
		return nil
	}
	return c.err
}

func (c *content) next() error {
	freeBuffer(c.used) // all of it has been read
	c.used = nil
	ref, ok := c.walk.Next()
	if !ok {
		return io.EOF
	}
	c.soon = c.walk.Soon(windowLumps, windowBytes, c.soon[:0])
	c.fetch.start(c.soon)
	fl, err := c.fetch.wait(ref)
	if err != nil {
		return err
	}
	if fl.from != "" {
		c.remote += int64(len(fl.b))
		if c.from == "" {
			c.from = fl.from
		}
	}
	if c.buf, err = c.walk.Give(fl.b); err != nil {
		c.buf = nil
		return err
	}
	if fl.sole && !ref.IsNode() {
		c.used = fl.b
	}
	if size, known := c.walk.Size(); known {
		c.fetch.sized(size)
	}
	if c.given != nil {
		if err := c.given(ref); err != nil {
			return err
		}
	}
	// Complete as of now, even if the caller never reads the last bytes.
	if _, more := c.walk.Next(); !more && c.remote > 0 && !c.part && c.fetch.x.cfg.OnFetched != nil {
		c.fetch.x.cfg.OnFetched(c.ref, c.from, c.remote)
	}
	return nil
}

// Read implements io.Reader. Only verified bytes are given, and io.EOF only
// after exactly Info.Size of them.
func (c *content) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if err := c.fill(); err != nil {
		if err != io.EOF {
			err = fmt.Errorf("lumps/exchange: read %s: %w", c.ref, err)
		}
		return 0, err
	}
	n := copy(p, c.buf)
	c.buf = c.buf[n:]
	return n, nil
}

// WriteTo implements io.WriterTo, without a copy.
func (c *content) WriteTo(w io.Writer) (n int64, err error) {
	for {
		if err := c.fill(); err == io.EOF {
			return n, nil
		} else if err != nil {
			return n, fmt.Errorf("lumps/exchange: read %s: %w", c.ref, err)
		}
		k, err := w.Write(c.buf)
		n += int64(k)
		if c.buf = c.buf[k:]; err != nil {
			return n, err
		}
	}
}

// Close implements io.Closer; later reads fail. Idempotent.
func (c *content) Close() error {
	c.fetch.close()
	c.buf = nil
	if c.err == nil {
		c.err = lumps.ErrClosed
	}
	return nil
}

// Bytes reads a whole content of at most limit bytes; a longer one is refused
// with ErrTooLarge before it is fetched.
func (x *Exchange) Bytes(ctx context.Context, ref lumps.Ref, limit int64) ([]byte, lumps.Info, error) {
	r, info, err := x.Open(ctx, ref)
	if err != nil {
		return nil, lumps.Info{}, err
	}
	defer r.Close()
	if info.Size > limit {
		return nil, info, fmt.Errorf("lumps/exchange: bytes of %s: %d, at most %d: %w", ref, info.Size, limit, lumps.ErrTooLarge)
	}
	// The size is only a promise until the bytes are here: grow with them.
	var buf bytes.Buffer
	buf.Grow(int(min(info.Size, lumps.MaxLump)) + bytes.MinRead)
	if _, err := buf.ReadFrom(r); err != nil {
		return nil, info, err
	}
	return buf.Bytes(), info, nil
}
