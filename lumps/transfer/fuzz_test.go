package transfer

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/lumpstest"
	"github.com/metatopia/metatopia/lumps/mem"
)

func FuzzOffer(f *testing.F) {
	f.Add((&Offer{Root: lumps.Of([]byte("x")), Size: 1, Blocks: 1, Note: "note"}).encode())
	f.Add((&Offer{Root: lumps.OfNode([]byte("x")), Size: 1 << 30, Blocks: 1026}).encode())
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		o, err := decodeOffer(b)
		if err == nil && !bytes.Equal(o.encode(), b) {
			t.Fatalf("%x reads and writes %x", b, o.encode())
		}
	})
}

func FuzzStop(f *testing.F) {
	f.Add((&Refusal{Code: OverQuota, Used: 1, Quota: 2}).encode())
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := decodeStop(b)
		if err == nil && (!bytes.Equal(r.encode(), b) || r.Error() == "") {
			t.Fatalf("%x reads and writes %x", b, r.encode())
		}
	})
}

func FuzzReceipt(f *testing.F) {
	r := &Receipt{Root: lumps.Of([]byte("x")), Size: 1, Sequence: 2, Time: 3}
	r.Sign(keyFrom(1))
	f.Add(r.Encode())
	f.Add(make([]byte, receiptLen))
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := ParseReceipt(b)
		if err == nil && !bytes.Equal(r.Encode(), b) {
			t.Fatalf("%x reads and writes %x", b, r.Encode())
		}
	})
}

// FuzzAccount gives the sum, so that the body is reached.
func FuzzAccount(f *testing.F) {
	a := &account{peer: keyOf(1), agreed: true, quota: 5, since: time.UnixMilli(7)}
	a.contents = []Content{{Root: lumps.Of([]byte("x")), Size: 1, Time: time.UnixMilli(8), Note: "n"}}
	b := a.encode()
	f.Add(b[:len(b)-sha256.Size])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, body []byte) {
		sum := sha256.Sum256(body)
		b := append(bytes.Clone(body), sum[:]...)
		a, err := decodeAccount(b)
		if err != nil {
			if !errors.Is(err, ErrDamaged) {
				t.Fatal(err)
			}
			return
		}
		if !bytes.Equal(a.encode(), b) {
			t.Fatalf("%x reads and writes %x", b, a.encode())
		}
	})
}

// tape plays bytes as a peer that reads all and answers nothing else.
type tape struct{ io.Reader }

func (tape) Write(b []byte) (int, error)      { return len(b), nil }
func (tape) SetReadDeadline(time.Time) error  { return nil }
func (tape) SetWriteDeadline(time.Time) error { return nil }
func (tape) Close() error                     { return nil }
func (tape) Reset()                           {}

// FuzzServe is any sender: it gets a receipt into the ledger only with what the
// store then has, whole.
func FuzzServe(f *testing.F) {
	script := func(o *Offer, parts ...[]byte) []byte {
		w := &recorder{}
		_ = writeFrame(w, kindOffer, o.encode(), time.Second)
		for _, b := range parts {
			_ = writeFrame(w, kindLump, b, time.Second)
		}
		return w.b
	}
	x := []byte("some content")
	f.Add(script(&Offer{Root: lumps.Of(x), Size: int64(len(x)), Blocks: 1}, x))
	f.Add(script(&Offer{Root: lumps.Of(nil), Size: 0, Blocks: 1}, nil))
	a := newSide(f, 1)
	tree := &parts{}
	st := addContent(f, tree, lumpstest.Bytes(1, 3000), 1500)
	f.Add(script(&Offer{Root: st.Ref, Size: st.Size, Blocks: st.Blocks}, tree.b[2], tree.b[0], tree.b[1]))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, b []byte) {
		// A ledger that is written for contents only: a flush takes longer
		// than all the rest.
		s := &side{store: mem.New(mem.Config{})}
		l := &Ledger{dir: dir, pins: s.store, now: time.Now, log: slog.New(slog.DiscardHandler), peers: map[base.Key]*account{}}
		l.peers[a.self] = &account{peer: a.self, agreed: true, quota: 1 << 20, coming: map[lumps.Ref]*coming{}}
		var err error
		if s.Transfers, err = New(Config{Key: keyFrom(2), Store: s.store, Ledger: l}); err != nil {
			t.Fatal(err)
		}
		s.Serve(t.Context(), a.self, tape{bytes.NewReader(b)})
		for _, c := range s.agreement(t, a).Contents {
			if !whole(t, s.store, c.Root) {
				t.Fatalf("%s is in the ledger and not whole", c.Root)
			}
		}
	})
}

// recorder keeps what is written.
type recorder struct {
	tape
	b []byte
}

func (r *recorder) Write(b []byte) (int, error) {
	r.b = append(r.b, b...)
	return len(b), nil
}

// parts keeps what is put.
type parts struct{ b [][]byte }

func (p *parts) Put(_ context.Context, _ lumps.Ref, b []byte) error {
	p.b = append(p.b, b)
	return nil
}

// FuzzSend is any receiver: none that has not signed gives a receipt.
func FuzzSend(f *testing.F) {
	a := newSide(f, 1)
	st := a.content(f, 1, 3000, 1500)
	b := publicOf(keyFrom(2))
	said := func(kinds ...uint8) []byte {
		w := &recorder{}
		for _, k := range kinds {
			_ = writeFrame(w, k, map[uint8][]byte{kindAnswer: {0}, kindHave: {1}, kindReceipt: make([]byte, receiptLen),
				kindStop: refuse(Busy).encode()}[k], time.Second)
		}
		return w.b
	}
	f.Add(said(kindAnswer, kindHave, kindReceipt))
	f.Add(said(kindAnswer, kindHave, kindStop))
	f.Add(said(kindStop))
	f.Fuzz(func(t *testing.T, say []byte) {
		r, err := a.Send(t.Context(), b, tape{bytes.NewReader(say)}, st, "", nil)
		if err == nil || r != nil {
			t.Fatalf("a receipt: %+v", r)
		}
	})
}
