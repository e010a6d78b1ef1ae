package transfer

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"testing"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/lumpstest"
	"github.com/metatopia/metatopia/lumps/mem"
	"github.com/metatopia/metatopia/lumps/unixfs"
)

func TestSendGivesAReceipt(t *testing.T) {
	a, b := newSide(t, 1), newSide(t, 2)
	b.accept(t, a, 100<<20)
	used := int64(0)
	for i, c := range []struct{ size, leaf int }{
		{0, 1}, {1, 1}, {1 << 20, 1 << 20}, {1<<20 + 1, 1 << 20}, {3<<20 + 7, 1 << 20}, {9 << 20, 8 << 10}, // three levels
	} {
		st := a.content(t, uint64(i+1), c.size, c.leaf)
		x, y := pipes()
		go b.Serve(t.Context(), a.self, y)
		last := int64(-1)
		r, err := a.Send(t.Context(), b.self, x, st, "a note", func(done int64) {
			if done < last {
				t.Errorf("%d bytes: done went from %d to %d", c.size, last, done)
			}
			last = done
		})
		if err != nil {
			t.Fatalf("%d bytes: %v", c.size, err)
		}
		if last != st.Size {
			t.Errorf("%d of %d bytes told", last, st.Size)
		}
		if r.Root != st.Ref || r.Size != st.Size || r.Sender != a.self || r.Receiver != b.self || r.Time != b.now.UnixMilli() {
			t.Errorf("receipt %+v", r)
		}
		if got, err := ParseReceipt(r.Encode()); err != nil || *got != *r {
			t.Errorf("the receipt reads back as %+v, %v", got, err)
		}
		if pinned, _ := b.store.Pinned(t.Context(), st.Ref); !pinned || !whole(t, b.store, st.Ref) {
			t.Errorf("%d bytes: receipt given, pinned %v, whole %v", c.size, pinned, whole(t, b.store, st.Ref))
		}
		used += st.Size
	}
	g := b.agreement(t, a)
	if len(g.Contents) != 6 || g.Used != used || g.Coming != 0 || g.Contents[2].Note != "a note" {
		t.Errorf("%+v", g)
	}
	if a.faulted()+b.faulted() != 0 {
		t.Error(a.faults, b.faults)
	}
}

func TestNothingIsTakenWithoutAgreement(t *testing.T) {
	a, b := newSide(t, 1), newSide(t, 2)
	st := a.content(t, 1, 100, 100)
	_, err := send(t, a, b, st)
	wantRefusal(t, err, NotAgreed)
	if b.store.Bytes() != 0 || b.stat[statBytesIn].Load() != 0 {
		t.Error("bytes came")
	}
	b.accept(t, a, 1000)
	if _, err := b.Ledger().Refuse(t.Context(), a.self); err != nil {
		t.Fatal(err)
	}
	_, err = send(t, a, b, st)
	wantRefusal(t, err, NotAgreed)
	if got := b.Ledger().List(t.Context()); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

func TestQuota(t *testing.T) {
	a, b := newSide(t, 1), newSide(t, 2)
	one, two := a.content(t, 1, 600, 600), a.content(t, 2, 500, 500)
	big := a.content(t, 3, 1001, 2000)
	b.accept(t, a, 1000)
	if _, err := send(t, a, b, one); err != nil {
		t.Fatal(err)
	}
	_, err := send(t, a, b, two)
	if no := wantRefusal(t, err, OverQuota); no.Used != 600 || no.Quota != 1000 {
		t.Errorf("%+v", no)
	}
	_, err = send(t, a, b, big)
	if no := wantRefusal(t, err, TooLarge); no.Quota != 1000 {
		t.Errorf("%+v", no)
	}
	if n := b.stat[statBytesIn].Load(); n != 600 {
		t.Errorf("%d bytes came", n)
	}
	// Once more costs nothing more.
	if _, err := send(t, a, b, one); err != nil {
		t.Fatal(err)
	}
	if g := b.agreement(t, a); g.Used != 600 || len(g.Contents) != 1 {
		t.Errorf("%+v", g)
	}
	if err := b.store.Unpin(t.Context(), one.Ref); err != nil {
		t.Fatal(err)
	}
	if _, err := send(t, a, b, two); err != nil {
		t.Fatalf("after an unpin: %v", err)
	}
	if g := b.agreement(t, a); g.Used != 500 || len(g.Contents) != 1 || g.Contents[0].Root != two.Ref {
		t.Errorf("%+v", g)
	}
}

// A content that breaks off goes on where it was, and its room is kept.
func TestResume(t *testing.T) {
	a, b := newSide(t, 1), newSide(t, 2)
	b.accept(t, a, 20<<20)
	st := a.content(t, 1, 10<<20, 1<<20)
	other := a.content(t, 2, 11<<20, 1<<20)
	_, err := send(t, a, b, st, func(x, _ *pipe) { x.cut = 4<<20 + 4<<19 })
	if !errors.Is(err, ErrInterrupted) {
		t.Fatal(err)
	}
	if pinned, _ := b.store.Pinned(t.Context(), st.Ref); pinned {
		t.Error("half a content is pinned")
	}
	_, err = send(t, a, b, other)
	if no := wantRefusal(t, err, OverQuota); no.Used != 10<<20 {
		t.Errorf("%+v", no)
	}
	sent := a.stat[statBytesOut].Load()
	if _, err := send(t, a, b, st); err != nil {
		t.Fatal(err)
	}
	if again := a.stat[statBytesOut].Load() - sent; again > 7<<20 || again < 5<<20 {
		t.Errorf("%d bytes sent again", again)
	}
	if g := b.agreement(t, a); g.Used != 10<<20 || g.Coming != 0 || !whole(t, b.store, st.Ref) {
		t.Errorf("%+v", g)
	}
}

func TestRoomOfWhatNeverComesIsGivenBack(t *testing.T) {
	a, b := newSide(t, 1), newSide(t, 2)
	b.accept(t, a, 5<<20)
	if _, err := send(t, a, b, a.content(t, 1, 4<<20, 1<<20), func(x, _ *pipe) { x.cut = 2 << 20 }); err == nil {
		t.Fatal("not cut")
	}
	other := a.content(t, 2, 4<<20, 1<<20)
	_, err := send(t, a, b, other)
	wantRefusal(t, err, OverQuota)
	b.later(reserveFor)
	if _, err := send(t, a, b, other); err != nil {
		t.Fatal(err)
	}
}

// The owner changes their mind while lumps come.
func TestRefusedMeanwhile(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(b, a *side) error
		code Code
	}{
		{"refused", func(b, a *side) error { _, err := b.Ledger().Refuse(t.Context(), a.self); return err }, NotAgreed},
		{"less", func(b, a *side) error { _, err := b.Ledger().Accept(t.Context(), a.self, 1<<20); return err }, OverQuota},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, b := newSide(t, 1), newSide(t, 2)
			b.accept(t, a, 20<<20)
			st := a.content(t, 1, 10<<20, 1<<20)
			x, y := pipes()
			go b.Serve(t.Context(), a.self, y)
			var once sync.Once
			_, err := a.Send(t.Context(), b.self, x, st, "", func(done int64) {
				if done >= 3<<20 {
					once.Do(func() {
						if err := c.do(b, a); err != nil {
							t.Error(err)
						}
					})
				}
			})
			wantRefusal(t, err, c.code)
			if in := b.stat[statBytesIn].Load(); in > 6<<20 {
				t.Errorf("%d bytes came", in)
			}
		})
	}
}

func TestRepeatedLumpsAreSentOnce(t *testing.T) {
	a, b := newSide(t, 1), newSide(t, 2)
	b.accept(t, a, 1<<30)
	part := lumpstest.Bytes(1, 1<<20)
	st := addContent(t, a.store, slices.Concat(part, part, part, lumpstest.Bytes(2, 1<<20), part), 1<<20)
	if _, err := send(t, a, b, st); err != nil {
		t.Fatal(err)
	}
	if n := a.stat[statBytesOut].Load(); n > 2<<20+1000 || !whole(t, b.store, st.Ref) {
		t.Errorf("%d bytes sent", n)
	}
}

// What a receiver thinks to have is read before it gives a receipt for it.
func TestDamagedLumpsAreSentAgain(t *testing.T) {
	a, b := newSide(t, 1), newSide(t, 2)
	b.accept(t, a, 1<<30)
	st := a.content(t, 1, 4<<20, 1<<20)
	root, err := a.store.Get(t.Context(), st.Ref)
	if err != nil {
		t.Fatal(err)
	}
	n, err := unixfs.Decode(root)
	if err != nil {
		t.Fatal(err)
	}
	leaf := n.Links[2].Ref
	if got, err := a.store.Get(t.Context(), leaf); err != nil || b.store.Put(t.Context(), leaf, got) != nil {
		t.Fatal(err)
	}
	b.store.Damage(leaf)
	_, err = send(t, a, b, st)
	wantRefusal(t, err, Again)
	if _, err := send(t, a, b, st); err != nil || !whole(t, b.store, st.Ref) {
		t.Fatal(err)
	}
}

func TestSameContentAtTheSameTime(t *testing.T) {
	a, b := newSide(t, 1), newSide(t, 2)
	b.accept(t, a, 1<<30)
	var held []*pipe
	var served sync.WaitGroup
	open := func(st lumps.Stat) *pipe {
		x, y := pipes()
		served.Go(func() { b.Serve(t.Context(), a.self, y) })
		o := &Offer{Root: st.Ref, Size: st.Size, Blocks: st.Blocks}
		if err := writeFrame(x, kindOffer, o.encode(), stall); err != nil {
			t.Fatal(err)
		}
		return x
	}
	first := a.content(t, 1, 100, 100)
	for i := range maxFrom {
		x := open(a.content(t, uint64(1+i), 100, 100))
		if kind, _, err := readFrame(x); err != nil || kind != kindAnswer {
			t.Fatal(kind, err)
		}
		held = append(held, x)
	}
	for _, st := range []lumps.Stat{first, a.content(t, 9, 100, 100)} {
		_, err := send(t, a, b, st)
		wantRefusal(t, err, Busy)
	}
	for _, x := range held {
		x.Reset()
	}
	served.Wait()
	if _, err := send(t, a, b, first); err != nil {
		t.Fatal(err)
	}
}

// Whoever opens streams and says nothing holds up nobody else for long:
// strangers are sent away unheard, and peers have a bound.
func TestSilentStreams(t *testing.T) {
	a, b := newSide(t, 1), newSide(t, 2)
	stranger := func() {
		x, y := pipes()
		go b.Serve(t.Context(), keyOf(999), y)
		if kind, _, err := readFrame(x); kind != kindStop || err != nil {
			t.Error(kind, err)
		}
	}
	stranger()
	b.accept(t, a, 1000)
	var held []*pipe
	var served sync.WaitGroup
	for range maxAsking {
		x, y := pipes()
		served.Go(func() { b.Serve(t.Context(), a.self, y) })
		if _, err := x.Write([]byte{kindOffer}); err != nil { // it has begun to read
			t.Fatal(err)
		}
		held = append(held, x)
	}
	x, y := pipes()
	go b.Serve(t.Context(), a.self, y)
	if kind, p, err := readFrame(x); kind != kindStop || err != nil || p[0] != byte(Busy) {
		t.Error(kind, p, err)
	}
	stranger()
	for _, x := range held {
		x.Reset()
	}
	served.Wait()
	if b.asking.Load() != 0 {
		t.Error(b.asking.Load())
	}
}

// A size that was offered before, and was a lie, does not stand for the true
// one.
func TestSizeOfAnEarlierOffer(t *testing.T) {
	a, b := newSide(t, 1), newSide(t, 2)
	b.accept(t, a, 3000)
	if _, err := send(t, a, b, a.content(t, 1, 1500, 1500)); err != nil {
		t.Fatal(err)
	}
	st := a.content(t, 2, 2000, 2000)
	lie := st
	lie.Size = 1
	_, err := send(t, a, b, lie)
	wantRefusal(t, err, Bad)
	_, err = send(t, a, b, st)
	if no := wantRefusal(t, err, OverQuota); no.Used != 1500 {
		t.Errorf("%+v", no)
	}
	if err := b.store.Unpin(t.Context(), b.agreement(t, a).Contents[0].Root); err != nil {
		t.Fatal(err)
	}
	if _, err := send(t, a, b, st); err != nil {
		t.Fatal(err)
	}
	if g := b.agreement(t, a); g.Used != 2000 {
		t.Errorf("%+v", g)
	}
}

func TestCancelledSend(t *testing.T) {
	a, b := newSide(t, 1), newSide(t, 2)
	b.accept(t, a, 1<<30)
	ctx, cancel := context.WithCancel(t.Context())
	x, y := pipes()
	var served sync.WaitGroup
	served.Go(func() { b.Serve(t.Context(), a.self, y) })
	_, err := a.Send(ctx, b.self, x, a.content(t, 1, 4<<20, 1<<20), "", func(int64) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	served.Wait()
	if _, err := y.Write([]byte{1}); !errors.Is(err, net.ErrClosed) && err == nil {
		t.Error("the stream is open")
	}
}

// witness remembers what was promised to be durable.
type witness struct {
	*mem.Store
	mu      sync.Mutex
	flushed map[lumps.Ref]bool
	pinned  func(lumps.Ref)
}

func (w *witness) Flush(ctx context.Context, refs []lumps.Ref) error {
	err := w.Store.Flush(ctx, refs)
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, r := range refs {
		w.flushed[r] = err == nil
	}
	return err
}

func (w *witness) Pin(ctx context.Context, r lumps.Ref) error {
	w.pinned(r)
	return w.Store.Pin(ctx, r)
}

// Before a content is pinned, and so before its receipt, all of it is flushed,
// also what was here before; and the ledger's file has it.
func TestReceiptComesLast(t *testing.T) {
	a, b := newSide(t, 1), newSide(t, 2)
	st := a.content(t, 1, 3<<20, 16<<10) // more lumps than one flush takes
	seen := false
	w := &witness{Store: b.store, flushed: map[lumps.Ref]bool{}}
	w.pinned = func(r lumps.Ref) {
		seen = true
		walk := unixfs.NewReader(r)
		for ref, ok := walk.Next(); ok; ref, ok = walk.Next() {
			if !w.flushed[ref] {
				t.Errorf("%s is not durable", ref)
			}
			got, err := w.Store.Get(t.Context(), ref)
			if err == nil {
				_, err = walk.Give(got)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		again, err := OpenLedger(LedgerConfig{Dir: b.dir, Pins: everything{}})
		if err != nil {
			t.Fatal(err)
		}
		if g := again.List(t.Context()); len(g) != 1 || len(g[0].Contents) != 1 || g[0].Contents[0].Root != r {
			t.Errorf("the ledger's file says %+v", g)
		}
	}
	l, err := OpenLedger(LedgerConfig{Dir: b.dir, Pins: w})
	if err != nil {
		t.Fatal(err)
	}
	if b.Transfers, err = New(Config{Key: keyFrom(2), Store: w, Ledger: l}); err != nil {
		t.Fatal(err)
	}
	b.accept(t, a, 1<<30)
	if _, err := send(t, a, b, st, func(x, _ *pipe) { x.cut = 1 << 20 }); err == nil {
		t.Fatal("not cut")
	}
	clear(w.flushed) // as if a cache had stored them
	if _, err := send(t, a, b, st); err != nil || !seen {
		t.Fatal(err)
	}
}

// everything is pinned.
type everything struct{ lumps.Pinner }

func (everything) Pinned(context.Context, lumps.Ref) (bool, error) { return true, nil }
