package exchange

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/ipfs/go-cid"
	car "github.com/ipld/go-car/v2"
	"github.com/ipld/go-car/v2/storage"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/unixfs"
)

// Bounds of an archive: one section holds a name and a lump.
const (
	carSection = lumps.MaxLump + 128
	carHeader  = 4 << 10
	carRoots   = 64
)

// ErrArchive: what is read is no CAR, or ends too early, or holds what cannot
// be kept here.
var ErrArchive = errors.New("not a CAR archive")

// Export writes a content as a CAR (version 1): its lumps in reading order,
// each once. What is not here is fetched. tell is called after each lump with
// the content's bytes so far and in all; nil for never.
func (x *Exchange) Export(ctx context.Context, ref lumps.Ref, w io.Writer, tell func(done, total int64)) (lumps.Stat, error) {
	st, err := x.export(ctx, ref, w, tell)
	if err != nil {
		return st, fmt.Errorf("lumps/exchange: export %s: %w", ref, err)
	}
	return st, nil
}

func (x *Exchange) export(ctx context.Context, ref lumps.Ref, w io.Writer, tell func(done, total int64)) (lumps.Stat, error) {
	st := lumps.Stat{Ref: ref, Local: true}
	if ref.IsZero() {
		return st, lumps.ErrBadRef
	}
	f, err := newFetcher(ctx, x, ref, true)
	if err != nil {
		return st, err
	}
	defer f.close()
	out, err := storage.NewWritable(onlyWriter{w}, []cid.Cid{ref.CID()}, car.WriteAsCarV1(true))
	if err != nil {
		return st, err
	}
	walk := unixfs.NewReader(ref)
	var soon []unixfs.Link
	for done := int64(0); ; {
		r, more := walk.Next()
		if !more {
			break
		}
		soon = walk.Soon(windowLumps, windowBytes, soon[:0])
		f.start(soon)
		fl, err := f.wait(r)
		if err != nil {
			return st, err
		}
		content, err := walk.Give(fl.b)
		if err != nil {
			return st, err
		}
		if size, known := walk.Size(); known {
			f.sized(size)
		}
		if err := out.Put(ctx, r.CID().KeyString(), fl.b); err != nil {
			return st, err
		}
		done += int64(len(content))
		if tell != nil {
			total, _ := walk.Size()
			tell(done, total)
		}
	}
	st.Size, _ = walk.Size()
	st.Blocks = walk.Count()
	return st, out.Finalize()
}

// onlyWriter hides that a writer could be written at an offset: a file opened
// to append cannot.
type onlyWriter struct{ io.Writer }

// Import stores the lumps of a CAR (version 1 or 2) and gives its roots, which
// are pinned when asked and announced. It returns when they would survive a
// crash. Every lump is held to its name. An archive need not be whole: Stat
// tells what is here of each root. ErrArchive for what is no archive; lumps
// before the fault stay, unpinned.
func (x *Exchange) Import(ctx context.Context, r io.Reader, pin bool) ([]lumps.Stat, error) {
	sts, err := x.importCAR(ctx, r, pin)
	if err != nil {
		return nil, fmt.Errorf("lumps/exchange: import: %w", err)
	}
	return sts, nil
}

func (x *Exchange) importCAR(ctx context.Context, r io.Reader, pin bool) ([]lumps.Stat, error) {
	ctx, cancel, err := x.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer cancel()
	in, err := car.NewBlockReader(r, car.MaxAllowedHeaderSize(carHeader), car.MaxAllowedSectionSize(carSection))
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrArchive, err)
	}
	roots, err := rootsOf(in.Roots)
	if err != nil {
		return nil, err
	}
	w := newWriter(ctx, x)
	for err == nil {
		err = importOne(in, w)
	}
	if flushed := w.flush(); err == io.EOF {
		err = flushed
	}
	if err != nil {
		return nil, err
	}
	var sts []lumps.Stat
	for _, ref := range roots {
		st, err := x.stat(ctx, ref)
		if missing(err) {
			return nil, fmt.Errorf("%w: the root %s is not in it", ErrArchive, ref)
		}
		if err == nil && pin {
			err, st.Pinned = x.store.Pin(ctx, ref), true
		}
		if err != nil {
			return nil, err
		}
		x.announceLater(ref)
		sts = append(sts, st)
	}
	return sts, nil
}

func rootsOf(cs []cid.Cid) (refs []lumps.Ref, err error) {
	if len(cs) == 0 || len(cs) > carRoots {
		return nil, fmt.Errorf("%w: %d roots, 1 to %d allowed", ErrArchive, len(cs), carRoots)
	}
	for _, c := range cs {
		ref, err := lumps.FromCID(c)
		if err != nil {
			return nil, fmt.Errorf("root: %w", err)
		}
		refs = append(refs, ref)
	}
	return refs, nil
}

// importOne stores the next lump; io.EOF after the last.
func importOne(in *car.BlockReader, w *writer) error {
	blk, err := in.Next()
	if err == io.EOF {
		return err
	}
	if err != nil {
		return fmt.Errorf("%w: %v", ErrArchive, err)
	}
	ref, err := lumps.FromCID(blk.Cid())
	if err != nil {
		return err
	}
	return w.put(ref, blk.RawData())
}
