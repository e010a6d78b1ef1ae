package transfer

import (
	"encoding/binary"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/unixfs"
)

func keyOf(i int) (k base.Key) {
	binary.LittleEndian.PutUint32(k[:], uint32(i))
	return k
}

// answering plays a receiver: each message of the sender goes to say, which
// gives the answer. kind 0 is none.
func answering(t *testing.T, s *pipe, say func(kind uint8, b []byte) (uint8, []byte)) {
	t.Helper()
	for {
		kind, b, err := readFrame(s)
		if err != nil {
			return
		}
		if kind, b = say(kind, b); kind != 0 && writeFrame(s, kind, b, stall) != nil {
			return
		}
	}
}

// A receiver that gives no true receipt gives none.
func TestForgedReceipts(t *testing.T) {
	a, b, c := newSide(t, 1), newSide(t, 2), newSide(t, 3)
	st := a.content(t, 1, 100, 100)
	receipt := func(o *Offer) *Receipt {
		return &Receipt{Root: o.Root, Size: o.Size, Sender: a.self, Sequence: o.Sequence, Time: 1}
	}
	for name, forge := range map[string]func(o *Offer) []byte{
		"signed by another": func(o *Offer) []byte {
			r := receipt(o)
			r.Sign(c.cfg.Key)
			r.Receiver = b.self
			return r.Encode()
		},
		"of another node": func(o *Offer) []byte { r := receipt(o); r.Sign(c.cfg.Key); return r.Encode() },
		"to another node": func(o *Offer) []byte { r := receipt(o); r.Sender = c.self; r.Sign(b.cfg.Key); return r.Encode() },
		"of another content": func(o *Offer) []byte {
			r := receipt(o)
			r.Root = lumps.Of([]byte("x"))
			r.Sign(b.cfg.Key)
			return r.Encode()
		},
		"of another size":    func(o *Offer) []byte { r := receipt(o); r.Size++; r.Sign(b.cfg.Key); return r.Encode() },
		"of an older offer":  func(o *Offer) []byte { r := receipt(o); r.Sequence--; r.Sign(b.cfg.Key); return r.Encode() },
		"changed afterwards": func(o *Offer) []byte { r := receipt(o); r.Sign(b.cfg.Key); r.Time++; return r.Encode() },
		"cut":                func(o *Offer) []byte { r := receipt(o); r.Sign(b.cfg.Key); return r.Encode()[:receiptLen-1] },
		"rubbish":            func(*Offer) []byte { return make([]byte, receiptLen) },
	} {
		t.Run(name, func(t *testing.T) {
			before := a.faulted()
			x, y := pipes()
			var o *Offer
			go answering(t, y, func(kind uint8, msg []byte) (uint8, []byte) {
				if kind == kindOffer {
					o, _ = decodeOffer(msg)
					return kindAnswer, []byte{0}
				}
				return kindReceipt, forge(o)
			})
			r, err := a.Send(t.Context(), b.self, x, st, "", nil)
			if err == nil || r != nil {
				t.Fatalf("taken for true: %+v", r)
			}
			if errors.Is(err, ErrForged) && a.faulted() == before {
				t.Error("not held against it")
			}
			if name != "cut" && name != "rubbish" && !errors.Is(err, ErrForged) {
				t.Error(err)
			}
		})
	}
}

func TestReceiverThatBreaksTheRules(t *testing.T) {
	a, b := newSide(t, 1), newSide(t, 2)
	st := a.content(t, 1, 3<<20, 1<<20)
	early := &Receipt{Root: st.Ref, Size: st.Size, Sender: a.self}
	early.Sign(b.cfg.Key)
	type say = func(kind uint8, n int) (uint8, []byte)
	for name, f := range map[string]say{
		"odd answer":       func(uint8, int) (uint8, []byte) { return kindAnswer, []byte{2} },
		"no answer":        func(uint8, int) (uint8, []byte) { return kindHave, []byte{0} },
		"receipt at once":  func(uint8, int) (uint8, []byte) { return kindReceipt, early.Encode() },
		"unknown kind":     func(uint8, int) (uint8, []byte) { return 77, nil },
		"too long":         func(uint8, int) (uint8, []byte) { return kindAnswer, make([]byte, 100) },
		"stop without why": func(uint8, int) (uint8, []byte) { return kindStop, make([]byte, stopLen) },
		"stop cut short":   func(uint8, int) (uint8, []byte) { return kindStop, []byte{1} },
		"too few marks":    func(_ uint8, n int) (uint8, []byte) { return []uint8{kindAnswer, kindHave}[n], make([]byte, 1-n) },
		"marks for more":   func(_ uint8, n int) (uint8, []byte) { return []uint8{kindAnswer, kindHave}[n], []byte{byte(n * 8)} },
		"marks for a leaf": func(_ uint8, n int) (uint8, []byte) { return []uint8{kindAnswer, kindHave, kindHave}[n], []byte{0} },
		"an early receipt": func(_ uint8, n int) (uint8, []byte) {
			return []uint8{kindAnswer, kindReceipt}[n], [][]byte{{0}, early.Encode()}[n]
		},
		"sends lumps back": func(uint8, int) (uint8, []byte) { return kindLump, []byte("x") },
		"offers in its turn": func(uint8, int) (uint8, []byte) {
			return kindOffer, (&Offer{Root: st.Ref, Size: 1, Blocks: 1}).encode()
		},
	} {
		t.Run(name, func(t *testing.T) {
			before := a.faulted()
			x, y := pipes()
			n := -1
			go answering(t, y, func(kind uint8, _ []byte) (uint8, []byte) {
				if n++; n > 2 {
					return 0, nil
				}
				return f(kind, n)
			})
			if r, err := a.Send(t.Context(), b.self, x, st, "", nil); !errors.Is(err, ErrProtocol) || r != nil {
				t.Errorf("%+v, %v", r, err)
			}
			if a.faulted() != before+1 {
				t.Errorf("%d faults", a.faulted()-before)
			}
		})
	}
}

// A sender that breaks the rules is stopped, held to it, and nothing of what it
// said counts or stays named.
func TestSenderThatBreaksTheRules(t *testing.T) {
	a := newSide(t, 1)
	leafs := a.content(t, 1, 3<<20, 1<<20)
	root, err := a.store.Get(t.Context(), leafs.Ref)
	if err != nil {
		t.Fatal(err)
	}
	junk := []byte("no node")
	odd := lumps.OfNode(junk)
	deep := unixfs.Node{Kind: unixfs.File, Links: []unixfs.Link{{Ref: odd, Size: 100, Total: 100}}}
	deepBytes := deep.Append(nil)
	type msg struct {
		kind uint8
		b    []byte
	}
	lump := func(b []byte) msg { return msg{kindLump, b} }
	offer := func(o Offer) msg { return msg{kindOffer, o.encode()} }
	good := Offer{Root: leafs.Ref, Size: leafs.Size, Blocks: leafs.Blocks}
	for name, script := range map[string][]msg{
		"no offer":       {lump([]byte("x"))},
		"unknown kind":   {{99, nil}},
		"long offer":     {{kindOffer, make([]byte, 1000)}},
		"offer cut":      {{kindOffer, good.encode()[:50]}},
		"negative size":  {offer(Offer{Root: good.Root, Size: -1, Blocks: 1})},
		"huge size":      {offer(Offer{Root: good.Root, Size: 1 << 60, Blocks: 1})},
		"no lumps":       {offer(Offer{Root: good.Root, Size: 1, Blocks: 0})},
		"too many lumps": {offer(Offer{Root: good.Root, Size: 1, Blocks: 1 << 40})},
		"hidden note":    {offer(Offer{Root: good.Root, Size: 1, Blocks: 1, Note: "a\x1b[2J"})},
		"wrong bytes":    {offer(good), lump([]byte("something else"))},
		"wrong leaf":     {offer(good), lump(root), lump([]byte("something else"))},
		"other size":     {offer(Offer{Root: good.Root, Size: good.Size - 1, Blocks: good.Blocks}), lump(root)},
		"other count":    {offer(Offer{Root: lumps.Of(junk), Size: int64(len(junk)), Blocks: 2}), lump(junk)},
		"no tree":        {offer(Offer{Root: odd, Size: int64(len(junk)), Blocks: 1}), lump(junk)},
		"no tree below":  {offer(Offer{Root: lumps.OfNode(deepBytes), Size: 100, Blocks: 2}), lump(deepBytes), lump(junk)},
		"a receipt":      {offer(good), {kindReceipt, make([]byte, receiptLen)}},
		"another offer":  {offer(good), offer(good)},
	} {
		t.Run(name, func(t *testing.T) {
			b := newSide(t, 2)
			b.accept(t, a, 1<<30)
			x, y := pipes()
			var served sync.WaitGroup
			served.Go(func() { b.Serve(t.Context(), a.self, y) })
			var answers []uint8
			var read sync.WaitGroup
			read.Go(func() {
				for {
					kind, _, err := readFrame(x)
					if err != nil {
						return
					}
					answers = append(answers, kind)
				}
			})
			for _, m := range script {
				if writeFrame(x, m.kind, m.b, stall) != nil {
					break
				}
			}
			served.Wait()
			x.Reset()
			read.Wait()
			if slices.Contains(answers, kindReceipt) {
				t.Error("it got a receipt")
			}
			if len(answers) == 0 || answers[len(answers)-1] != kindStop {
				t.Errorf("answers %v, the last is no stop", answers)
			}
			if b.faulted() != 1 {
				t.Errorf("faults %v", b.faults)
			}
			if g := b.agreement(t, a); len(g.Contents) != 0 {
				t.Errorf("%+v", g)
			}
			for r := range b.store.Pins(t.Context()) {
				t.Errorf("%s is pinned", r)
			}
		})
	}
}
