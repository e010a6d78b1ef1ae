package exchange_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/exchange"
	"github.com/metatopia/metatopia/lumps/lumpstest"
)

func exported(t *testing.T, n *node, ref lumps.Ref) []byte {
	t.Helper()
	var b bytes.Buffer
	told := int64(-1)
	st, err := n.Export(t.Context(), ref, &b, func(done, total int64) {
		if done < told || done > total {
			t.Errorf("%d of %d after %d", done, total, told)
		}
		told = done
	})
	if err != nil {
		t.Fatal(err)
	}
	if told != st.Size {
		t.Errorf("told %d of %d bytes", told, st.Size)
	}
	return b.Bytes()
}

func TestArchivesGoThereAndBack(t *testing.T) {
	for _, size := range []int{0, 1, lumps.ChunkSize, 3*lumps.ChunkSize + 5} {
		a, b := newNode(t, newHost(t)), newNode(t, newHost(t))
		content := lumpstest.Bytes(uint64(size), size)
		st, err := a.Add(t.Context(), bytes.NewReader(content), true)
		if err != nil {
			t.Fatal(err)
		}
		roots, err := b.Import(t.Context(), bytes.NewReader(exported(t, a, st.Ref)), true)
		if err != nil {
			t.Fatalf("%d bytes: %v", size, err)
		}
		if len(roots) != 1 || roots[0].Ref != st.Ref || roots[0].Size != int64(size) || !roots[0].Local || !roots[0].Pinned {
			t.Errorf("%d bytes: roots %+v", size, roots)
		}
		got, _, err := b.Bytes(t.Context(), st.Ref, 1<<30)
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("%d bytes came back as %d, %v", size, len(got), err)
		}
	}
}

// What repeats in a content is in the archive once.
func TestArchivesHoldEveryLumpOnce(t *testing.T) {
	a := newNode(t, newHost(t))
	st, err := a.Add(t.Context(), bytes.NewReader(make([]byte, 20*lumps.ChunkSize)), false)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(exported(t, a, st.Ref)); n > 2*lumps.ChunkSize {
		t.Errorf("20 equal MiB make an archive of %d bytes", n)
	}
}

func TestExportFetches(t *testing.T) {
	a, b := newNode(t, newHost(t)), newNode(t, newHost(t))
	content := lumpstest.Bytes(7, 2*lumps.ChunkSize)
	st, err := a.Add(t.Context(), bytes.NewReader(content), false)
	if err != nil {
		t.Fatal(err)
	}
	connect(t, b.host, a.host)
	if !bytes.Equal(exported(t, b, st.Ref), exported(t, a, st.Ref)) {
		t.Error("two nodes write two archives of one content")
	}
}

func TestBadArchivesAreRefused(t *testing.T) {
	a := newNode(t, newHost(t))
	st, err := a.Add(t.Context(), bytes.NewReader(lumpstest.Bytes(1, 2*lumps.ChunkSize)), false)
	if err != nil {
		t.Fatal(err)
	}
	good := exported(t, a, st.Ref)
	flipped := bytes.Clone(good)
	flipped[len(flipped)-100] ^= 1
	huge := append(bytes.Clone(good[:59]), binary.AppendUvarint(nil, 1<<40)...)
	headless := bytes.Clone(good[:59])
	for name, b := range map[string][]byte{
		"nothing":        nil,
		"a text":         []byte("hello, world: this is no archive at all"),
		"half a header":  good[:20],
		"cut in a lump":  good[:len(good)-1],
		"changed bytes":  flipped,
		"a huge section": huge,
		"no root":        headless,
		"a huge header":  append(binary.AppendUvarint(nil, 1<<30), good...),
	} {
		n := newNode(t, newHost(t))
		if _, err := n.Import(t.Context(), bytes.NewReader(b), true); !errors.Is(err, exchange.ErrArchive) {
			t.Errorf("%s: %v", name, err)
		}
		if ok, err := n.store.Pinned(t.Context(), st.Ref); ok || err != nil {
			t.Errorf("%s: pinned %v, %v", name, ok, err)
		}
	}
	broken := errors.New("the disk is gone")
	n := newNode(t, newHost(t))
	if _, err := n.Import(t.Context(), io.MultiReader(bytes.NewReader(good[:70000]), errReader{broken}), true); err == nil {
		t.Error("a reader that fails makes a whole archive")
	}
}

type errReader struct{ err error }

func (r errReader) Read([]byte) (int, error) { return 0, r.err }

// An archive need not be whole: what it has is kept, and said to be not all.
func TestPartialArchive(t *testing.T) {
	a := newNode(t, newHost(t))
	st, err := a.Add(t.Context(), bytes.NewReader(lumpstest.Bytes(1, 3*lumps.ChunkSize)), false)
	if err != nil {
		t.Fatal(err)
	}
	good := exported(t, a, st.Ref)
	section := lumps.ChunkSize + 36
	section += len(binary.AppendUvarint(nil, uint64(section)))
	n := newNode(t, newHost(t))
	roots, err := n.Import(t.Context(), bytes.NewReader(good[:len(good)-section]), false)
	if err != nil || len(roots) != 1 || roots[0].Local || roots[0].Pinned || roots[0].Blocks != 3 {
		t.Errorf("%+v, %v", roots, err)
	}
}

func FuzzImport(f *testing.F) {
	f.Add([]byte("\x3a\xa2eroots\x81\xd8*X%"))
	f.Add([]byte{})
	n := newNode(f, newHost(f))
	f.Fuzz(func(t *testing.T, b []byte) {
		before := n.store.Bytes()
		roots, err := n.Import(t.Context(), bytes.NewReader(b), false)
		if err == nil && len(roots) == 0 {
			t.Error("no roots and no error")
		}
		if n.store.Bytes()-before > int64(len(b)) {
			t.Errorf("%d bytes stored of an archive of %d", n.store.Bytes()-before, len(b))
		}
	})
}
