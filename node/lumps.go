package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/exchange"
	lumpkeep "github.com/metatopia/metatopia/lumps/keep"
	"github.com/metatopia/metatopia/lumps/unixfs"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/scripting"
)

const (
	// lumpChunk is how much of a lump's content one control message carries.
	lumpChunk = 256 << 10
	// leavesAtOnce is how many leaves one control message tells of.
	leavesAtOnce = 256
	// lumpListMax bounds one listing.
	lumpListMax = 10_000
	// providerMax bounds how many providers one stat asks for.
	providerMax = 20
	providerAsk = 10 * time.Second
)

func parseRef(cid string) (lumps.Ref, error) {
	r, err := lumps.Parse(cid)
	if err != nil {
		return r, control.Errorf(control.Invalid, "a lump's name looks like bafkrei... (59 characters)", "%w", err)
	}
	return r, nil
}

// lumpError gives the code and the hint that a person can act on.
func lumpError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, lumps.ErrCorrupt), errors.Is(err, lumps.ErrMismatch):
		return control.Errorf(control.Corrupt, "the damaged copy was set aside; add the file again, or try again when a node that has it is connected", "%w", err)
	case errors.Is(err, lumps.ErrNotFound):
		return control.Errorf(control.NotFound, "is a node that has it connected? see `metatopia peers`", "%w", err)
	case errors.Is(err, lumps.ErrTooLarge), errors.Is(err, lumps.ErrFull):
		return control.Errorf(control.TooLarge, "", "%w", err)
	case errors.Is(err, exchange.ErrArchive):
		return control.Errorf(control.Invalid, "is it a file that `lump export` or `ipfs dag export` has written?", "%w", err)
	case errors.Is(err, lumps.ErrBadRef):
		return control.Errorf(control.Invalid, "", "%w", err)
	}
	return err
}

func lumpOf(s lumps.Stat) control.Lump {
	return control.Lump{CID: s.Ref.String(), Size: s.Size, Pinned: s.Pinned, Local: s.Local}
}

// chunkReader turns the chunks of a call into a reader.
type chunkReader struct {
	next func() ([]byte, error)
	rest []byte
}

func (c *chunkReader) Read(p []byte) (int, error) {
	for len(c.rest) == 0 {
		b, err := c.next()
		if err != nil {
			return 0, err
		}
		c.rest = b
	}
	n := copy(p, c.rest)
	c.rest = c.rest[n:]
	return n, nil
}

// LumpAdd stores content and announces it.
func (b *backend) LumpAdd(ctx context.Context, pin bool, next func() ([]byte, error)) (*control.Lump, error) {
	s, err := b.lumps.Add(ctx, &chunkReader{next: next}, pin)
	if err != nil {
		return nil, lumpError(err)
	}
	l := lumpOf(s)
	return &l, nil
}

// LumpGet sends the content of a lump in order, fetching what is not here.
func (b *backend) LumpGet(ctx context.Context, req *control.LumpRequest, send func(*control.LumpChunk) error) error {
	ref, err := parseRef(req.CID)
	if err != nil {
		return err
	}
	r, info, err := b.lumps.OpenAt(ctx, ref, req.Offset)
	if err != nil {
		return lumpError(err)
	}
	defer r.Close()
	if err := send(&control.LumpChunk{Total: info.Size, Source: info.Source}); err != nil {
		return err
	}
	for {
		buf := make([]byte, lumpChunk)
		n, err := io.ReadFull(r, buf)
		if n > 0 {
			if err := send(&control.LumpChunk{Data: buf[:n], Total: info.Size}); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return lumpError(err)
		}
	}
}

// LumpLeaves sends the names and lengths of what a content is made of.
func (b *backend) LumpLeaves(ctx context.Context, req *control.LumpRequest, send func(*control.LumpLeaves) error) error {
	ref, err := parseRef(req.CID)
	if err != nil {
		return err
	}
	var part control.LumpLeaves
	err = b.lumps.Leaves(ctx, ref, req.Offset, func(l unixfs.Link) error {
		leaf := control.LumpLeaf{Size: l.Size}
		if !l.Ref.IsZero() {
			d := l.Ref.Digest()
			leaf.Sum = d[:]
		}
		if part.Leaves = append(part.Leaves, leaf); len(part.Leaves) < leavesAtOnce {
			return nil
		}
		err := send(&part)
		part.Leaves = nil
		return err
	})
	if err == nil && len(part.Leaves) > 0 {
		err = send(&part)
	}
	return lumpError(err)
}

// LumpImport stores what a CAR archive holds.
func (b *backend) LumpImport(ctx context.Context, pin bool, next func() ([]byte, error)) (*control.LumpListResponse, error) {
	roots, err := b.lumps.Import(ctx, &chunkReader{next: next}, pin)
	if err != nil {
		return nil, lumpError(err)
	}
	out := &control.LumpListResponse{}
	for _, s := range roots {
		out.Lumps = append(out.Lumps, lumpOf(s))
		out.Bytes += s.Size
	}
	return out, nil
}

// LumpExport sends content as a CAR archive, fetching what is not here.
func (b *backend) LumpExport(ctx context.Context, req *control.LumpRequest, send func(*control.LumpChunk) error) error {
	ref, err := parseRef(req.CID)
	if err != nil {
		return err
	}
	w := &chunkWriter{send: send}
	_, err = b.lumps.Export(ctx, ref, w, func(_, total int64) { w.total = total })
	if err == nil {
		err = w.flush()
	}
	if w.err != nil {
		return w.err
	}
	return lumpError(err)
}

// chunkWriter sends what is written in chunks.
type chunkWriter struct {
	send  func(*control.LumpChunk) error
	total int64
	buf   []byte
	err   error // of send
}

func (w *chunkWriter) Write(p []byte) (int, error) {
	w.buf = append(w.buf, p...)
	for len(w.buf) >= lumpChunk && w.err == nil {
		w.err = w.send(&control.LumpChunk{Data: w.buf[:lumpChunk:lumpChunk], Total: w.total})
		w.buf = w.buf[lumpChunk:]
	}
	return len(p), w.err
}

func (w *chunkWriter) flush() error {
	if len(w.buf) > 0 && w.err == nil {
		w.err = w.send(&control.LumpChunk{Data: w.buf, Total: w.total})
		w.buf = nil
	}
	return w.err
}

// LumpList lists what is here.
func (b *backend) LumpList(ctx context.Context, req *control.LumpRequest) (*control.LumpListResponse, error) {
	limit := req.Limit
	if limit <= 0 || limit > lumpListMax {
		limit = lumpListMax
	}
	out := &control.LumpListResponse{Lumps: []control.Lump{}}
	for s, err := range b.lumps.List(ctx) {
		if err != nil {
			return nil, lumpError(err)
		}
		if len(out.Lumps) == limit {
			break
		}
		out.Lumps = append(out.Lumps, lumpOf(s))
		out.Bytes += s.Size
	}
	return out, nil
}

// LumpStat describes a lump; with Providers it asks the DHT who else has it.
func (b *backend) LumpStat(ctx context.Context, req *control.LumpRequest) (*control.Lump, error) {
	ref, err := parseRef(req.CID)
	if err != nil {
		return nil, err
	}
	l := control.Lump{CID: ref.String()}
	s, err := b.lumps.Stat(ctx, ref)
	switch {
	case err == nil:
		l = lumpOf(s)
	case !errors.Is(err, lumps.ErrNotFound):
		return nil, lumpError(err)
	case !req.Providers:
		return nil, lumpError(err)
	}
	if req.Providers {
		ctx, cancel := context.WithTimeout(ctx, providerAsk)
		defer cancel()
		list, err := p2p.Holders(ctx, b.lumps, ref, providerMax)
		if err != nil {
			return nil, lumpError(err)
		}
		l.Holders = []control.LumpHolder{}
		for _, h := range list {
			if h.Announced {
				l.Providers = append(l.Providers, h.PeerID)
			}
			l.Holders = append(l.Holders, control.LumpHolder(h))
		}
	}
	return &l, nil
}

// LumpPin keeps a lump, fetching what is missing of it.
func (b *backend) LumpPin(ctx context.Context, req *control.LumpRequest) (*control.Lump, error) {
	ref, err := parseRef(req.CID)
	if err != nil {
		return nil, err
	}
	s, err := b.lumps.Pin(ctx, ref)
	if err != nil {
		return nil, lumpError(err)
	}
	if w := b.current(); w != nil {
		w.keeper.Holds(ref, true) // it stays when the region moves on
	}
	l := lumpOf(s)
	return &l, nil
}

// LumpUnpin lets a lump go when room is needed.
func (b *backend) LumpUnpin(ctx context.Context, req *control.LumpRequest) (*control.Lump, error) {
	ref, err := parseRef(req.CID)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(b.notKept(ref), b.notPackaged(ref)); err != nil {
		return nil, err
	}
	if err := b.lumps.Unpin(ctx, ref); err != nil {
		return nil, lumpError(err)
	}
	s, err := b.lumps.Stat(ctx, ref)
	if err != nil {
		return nil, lumpError(err)
	}
	l := lumpOf(s)
	return &l, nil
}

// notKept refuses a root that is pinned because a region is kept.
func (b *backend) notKept(ref lumps.Ref) error {
	if w := b.current(); w != nil {
		if name, ok := w.keeper.Holds(ref, false); ok {
			return control.Errorf(control.Conflict, fmt.Sprintf("`metatopia lump unpin --region %q` lets the region go", name), "it is a checkpoint of region %s, which is kept here", name)
		}
	}
	return nil
}

// LumpForget deletes content here, pinned or not.
func (b *backend) LumpForget(ctx context.Context, req *control.LumpRequest) (*control.LumpForgotten, error) {
	ref, err := parseRef(req.CID)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(b.notKept(ref), b.notPackaged(ref)); err != nil {
		return nil, err
	}
	b.modules.mu.Lock()
	inUse := b.modules.m[ref] != nil
	b.modules.mu.Unlock()
	switch w := b.current(); {
	case w != nil && w.id == ref:
		return nil, control.Errorf(control.Conflict, "", "it is the charter of the world that this node is in")
	case inUse:
		return nil, control.Errorf(control.Conflict, "stop the node and start it again when nothing names it any more", "it is a module that things or processes of this node run")
	}
	if _, err := b.store.Size(ctx, ref); err != nil {
		return nil, lumpError(err)
	}
	rep, err := b.store.Forget(ctx, ref)
	if err != nil {
		return nil, lumpError(err)
	}
	return &control.LumpForgotten{CID: ref.String(), Deleted: rep.Deleted, Freed: rep.Freed, Kept: rep.Kept, Young: rep.Young}, nil
}

// LumpSweep deletes what no pin holds.
func (b *backend) LumpSweep(ctx context.Context, req *control.LumpSweepRequest, send func(*control.LumpSweep) error) error {
	if req.Leave < 0 {
		return control.Errorf(control.Invalid, "", "leave is negative")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var lost error // why nobody is told any more
	rep, err := b.store.Sweep(ctx, req.Leave, func(p lumpkeep.Progress) {
		if lost = send(sweepOf(p)); lost != nil {
			cancel()
		}
	})
	if lost != nil {
		return lost
	}
	if err != nil {
		return lumpError(err)
	}
	s := sweepOf(rep.Progress)
	s.Done, s.Kept, s.Young, s.Bytes = true, rep.Kept, rep.Young, rep.Bytes
	return send(s)
}

func sweepOf(p lumpkeep.Progress) *control.LumpSweep {
	return &control.LumpSweep{Marked: p.Marked, Looked: p.Looked, Deleted: p.Deleted, Freed: p.Freed}
}

// lumpReader is what processes read and store lumps through.
type lumpReader struct{ n *Node }

func (r lumpReader) ReadLump(ctx context.Context, cid string, limit int64) ([]byte, error) {
	ref, err := lumps.Parse(cid)
	if err != nil {
		return nil, err
	}
	b, _, err := r.n.lumps.Bytes(ctx, ref, limit)
	if errors.Is(err, lumps.ErrNotFound) {
		err = errors.Join(scripting.ErrNotFound, err)
	}
	return b, err
}

// StoreLump implements scripting.LumpStore. What nobody pins goes when there is
// no room.
func (r lumpReader) StoreLump(ctx context.Context, data []byte) (string, error) {
	s, err := r.n.lumps.Add(ctx, bytes.NewReader(data), false)
	if err != nil {
		return "", err
	}
	return s.Ref.String(), nil
}

// once gives one chunk and then the end.
func once(b []byte) func() ([]byte, error) {
	return func() ([]byte, error) {
		if b == nil {
			return nil, io.EOF
		}
		c := b
		b = nil
		return c, nil
	}
}
