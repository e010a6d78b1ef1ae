package unixfs_test

import (
	"bytes"
	"context"
	"io"
	"testing"

	chunker "github.com/ipfs/boxo/chunker"
	"github.com/ipfs/boxo/ipld/merkledag"
	"github.com/ipfs/boxo/ipld/unixfs/importer/balanced"
	"github.com/ipfs/boxo/ipld/unixfs/importer/helpers"
	"github.com/ipfs/boxo/ipld/unixfs/importer/trickle"
	uio "github.com/ipfs/boxo/ipld/unixfs/io"
	"github.com/ipfs/go-cid"
	ipld "github.com/ipfs/go-ipld-format"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/lumpstest"
	"github.com/metatopia/metatopia/lumps/unixfs"
)

// dagOf lets the IPFS library work on a shelf.
type dagOf struct{ s shelf }

func (d dagOf) Add(_ context.Context, n ipld.Node) error {
	r, err := lumps.FromCID(n.Cid())
	if err != nil {
		return err
	}
	return d.s.put(r, n.RawData())
}

func (d dagOf) AddMany(ctx context.Context, ns []ipld.Node) error {
	for _, n := range ns {
		if err := d.Add(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

func (d dagOf) Get(_ context.Context, c cid.Cid) (ipld.Node, error) {
	r, err := lumps.FromCID(c)
	if err != nil {
		return nil, err
	}
	b, ok := d.s[r]
	if !ok {
		return nil, ipld.ErrNotFound{Cid: c}
	}
	if r.IsNode() {
		n, err := merkledag.DecodeProtobuf(b)
		if err != nil {
			return nil, err
		}
		return n, n.SetCidBuilder(c.Prefix())
	}
	return merkledag.NewRawNodeWPrefix(b, c.Prefix())
}

func (d dagOf) GetMany(ctx context.Context, cs []cid.Cid) <-chan *ipld.NodeOption {
	out := make(chan *ipld.NodeOption, len(cs))
	for _, c := range cs {
		n, err := d.Get(ctx, c)
		out <- &ipld.NodeOption{Node: n, Err: err}
	}
	close(out)
	return out
}

func (d dagOf) Remove(context.Context, cid.Cid) error       { return nil }
func (d dagOf) RemoveMany(context.Context, []cid.Cid) error { return nil }

func theirs(t *testing.T, s shelf, content []byte, chunk int64, width int, raw bool,
	layout func(*helpers.DagBuilderHelper) (ipld.Node, error)) lumps.Ref {
	t.Helper()
	p := helpers.DagBuilderParams{Maxlinks: width, RawLeaves: raw, Dagserv: dagOf{s},
		CidBuilder: cid.V1Builder{Codec: cid.DagProtobuf, MhType: 0x12, MhLength: 32}}
	db, err := p.New(chunker.NewSizeSplitter(bytes.NewReader(content), chunk))
	if err != nil {
		t.Fatal(err)
	}
	n, err := layout(db)
	if err != nil {
		t.Fatal(err)
	}
	r, err := lumps.FromCID(n.Cid())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestSameNamesAsIPFS: the IPFS library, set to the profile, cuts content into
// the very same lumps, and reads ours.
func TestSameNamesAsIPFS(t *testing.T) {
	if w := uio.UnixFS_v1_2025; w.FileDAGWidth != unixfs.Width || w.ChunkSize != lumps.ChunkSize || !w.RawLeaves {
		t.Fatalf("the profile is not ours: %+v", w)
	}
	const chunk = lumps.MinMeanLeaf
	for _, n := range []int{0, 1, chunk, chunk + 1, 5*chunk - 3, unixfs.Width * chunk, unixfs.Width*chunk + 1, 2*unixfs.Width*chunk + 7} {
		content := lumpstest.Bytes(uint64(n), n)
		mine, other := shelf{}, shelf{}
		root, err := mine.build(content, chunk)
		if err != nil {
			t.Fatal(err)
		}
		if want := theirs(t, other, content, chunk, unixfs.Width, true, balanced.Layout); root.Ref != want {
			t.Errorf("%d bytes: we name it %s, IPFS %s", n, root.Ref, want)
			continue
		}
		if len(mine) != len(other) {
			t.Errorf("%d bytes: %d lumps, IPFS has %d", n, len(mine), len(other))
		}
		top, err := dagOf{mine}.Get(t.Context(), root.Ref.CID())
		if err != nil {
			t.Fatal(err)
		}
		r, err := uio.NewDagReader(t.Context(), top, dagOf{mine})
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || !bytes.Equal(got, content) {
			t.Errorf("%d bytes: IPFS reads %d of ours, %v", n, len(got), err)
		}
	}
}

// TestReadsOtherShapes: narrow trees, leaves wrapped in nodes, trickle layout.
func TestReadsOtherShapes(t *testing.T) {
	const chunk = 2 * lumps.MinMeanLeaf
	for _, n := range []int{0, 1, chunk, 7 * chunk, 100*chunk + 1} {
		content := lumpstest.Bytes(uint64(n), n)
		for name, layout := range map[string]func(*helpers.DagBuilderHelper) (ipld.Node, error){
			"balanced": balanced.Layout, "trickle": trickle.Layout,
		} {
			for _, raw := range []bool{true, false} {
				s := shelf{}
				root := theirs(t, s, content, chunk, 5, raw, layout)
				got, _, err := s.read(root, 1<<16)
				if err != nil || !bytes.Equal(got, content) {
					t.Errorf("%s raw=%v %d bytes: read %d, %v", name, raw, n, len(got), err)
				}
			}
		}
	}
}
