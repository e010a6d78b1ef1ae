package transfer

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/metatopia/metatopia/internal/durable"
	"github.com/metatopia/metatopia/lumps"
)

func TestLedgerIsReadBack(t *testing.T) {
	a, b, c := newSide(t, 1), newSide(t, 2), newSide(t, 3)
	b.accept(t, a, 1000)
	b.accept(t, c, 2000)
	st := a.content(t, 1, 100, 100)
	if _, err := send(t, a, b, st); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Ledger().Refuse(t.Context(), a.self); err != nil {
		t.Fatal(err)
	}
	want := b.Ledger().List(t.Context())
	if len(want) != 2 {
		t.Fatalf("%+v", want)
	}
	b.Transfers = b.open(t, 2)
	got := b.Ledger().List(t.Context())
	for i := range want {
		if !got[i].Since.Equal(want[i].Since) {
			t.Errorf("since %v, was %v", got[i].Since, want[i].Since)
		}
		got[i].Since, want[i].Since = time.Time{}, time.Time{}
		for j := range want[i].Contents {
			got[i].Contents[j].Time, want[i].Contents[j].Time = time.Time{}, time.Time{}
		}
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("read %+v\nwas  %+v", got, want)
	}
	_, err := send(t, a, b, st)
	wantRefusal(t, err, NotAgreed)
	if _, err := send(t, c, b, c.content(t, 2, 100, 100)); err != nil {
		t.Fatal(err)
	}
	// What is refused and has nothing here any more is forgotten.
	if err := b.store.Unpin(t.Context(), st.Ref); err != nil {
		t.Fatal(err)
	}
	if got := b.Ledger().List(t.Context()); len(got) != 1 || got[0].Peer != c.self {
		t.Errorf("%+v", got)
	}
	if files, _ := filepath.Glob(b.dir + "/*"); len(files) != 1 {
		t.Errorf("%v", files)
	}
}

// A damaged file takes nothing from anybody, and others are not touched.
func TestDamagedLedger(t *testing.T) {
	a, b, c := newSide(t, 1), newSide(t, 2), newSide(t, 3)
	b.accept(t, a, 1000)
	b.accept(t, c, 1000)
	file := filepath.Join(b.dir, a.self.String()+accountSuffix)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i, bad := range [][]byte{{}, whole[:len(whole)-1], append(bytes.Clone(whole), 0), flip(whole, 40), flip(whole, len(whole)-1), make([]byte, maxAccount+10)} {
		if err := os.WriteFile(file, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(b.dir, durable.TempPrefix+"1"), bad, 0o600); err != nil {
			t.Fatal(err)
		}
		b.Transfers = b.open(t, 2)
		if got := b.Ledger().List(t.Context()); len(got) != 1 || got[0].Peer != c.self {
			t.Errorf("%d: %+v", i, got)
		}
		if _, err := os.Stat(strings.TrimSuffix(file, accountSuffix) + damagedSuffix); err != nil {
			t.Error(err)
		}
	}
	// The file of one peer under the name of another.
	if err := os.WriteFile(filepath.Join(b.dir, c.self.String()+accountSuffix), whole, 0o600); err != nil {
		t.Fatal(err)
	}
	b.Transfers = b.open(t, 2)
	if got := b.Ledger().List(t.Context()); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

func flip(b []byte, i int) []byte {
	b = bytes.Clone(b)
	b[i] ^= 4
	return b
}

func TestLedgerIsBounded(t *testing.T) {
	b := newSide(t, 2)
	l := b.Ledger()
	for i := range MaxPeers {
		l.peers[keyOf(i)] = &account{peer: keyOf(i), agreed: true, quota: 1}
	}
	if _, err := l.Accept(t.Context(), keyOf(MaxPeers), 1); !errors.Is(err, ErrTooMany) {
		t.Error(err)
	}
	for _, quota := range []int64{0, -1, MaxQuota + 1} {
		if _, err := l.Accept(t.Context(), keyOf(1), quota); !errors.Is(err, lumps.ErrTooLarge) {
			t.Error(err)
		}
	}
	full := &account{peer: keyOf(1), agreed: true, quota: 1 << 30, since: time.Now(), coming: map[lumps.Ref]*coming{}}
	for i := range MaxContents {
		c := Content{Root: lumps.Of([]byte{byte(i), byte(i >> 8)}), Size: 1, Time: time.Now(), Note: strings.Repeat("n", MaxNote)}
		if err := b.store.Pin(t.Context(), c.Root); err != nil {
			t.Fatal(err)
		}
		full.contents = append(full.contents, c)
	}
	if n := len(full.encode()); n != maxAccount {
		t.Errorf("%d bytes, the bound is %d", n, maxAccount)
	}
	l.peers[full.peer] = full
	o := &Offer{Root: lumps.Of(nil), Blocks: 1}
	if no := l.admit(t.Context(), full.peer, o); no == nil || no.Code != TooMany {
		t.Errorf("%v", no)
	}
}

// The vectors of docs/protocol/lumps.md.
func TestVectors(t *testing.T) {
	o := &Offer{Root: lumps.Of([]byte("hello\n")), Size: 6, Blocks: 1, Sequence: 7, Note: "hi"}
	r := &Receipt{Root: o.Root, Size: o.Size, Sender: publicOf(keyFrom(1)), Sequence: o.Sequence, Time: 1_800_000_000_000}
	r.Sign(keyFrom(2))
	doc, err := os.ReadFile("../../docs/protocol/lumps.md")
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(string(doc)), "")
	for name, b := range map[string][]byte{
		"offer":   o.encode(),
		"stop":    (&Refusal{Code: OverQuota, Used: 600, Quota: 1000}).encode(),
		"receipt": r.Encode(),
	} {
		if h := hex.EncodeToString(b); !strings.Contains(text, h) {
			t.Errorf("%s: the page does not have %s", name, h)
		}
	}
}

// brokenPins cannot be written.
type brokenPins struct{ lumps.Pinner }

func (brokenPins) Pin(context.Context, lumps.Ref) error { return errors.New("disk") }

// What cannot be written down or pinned gets no receipt, counts for nothing,
// and can be sent again.
func TestLedgerThatCannotBeWritten(t *testing.T) {
	a, b := newSide(t, 1), newSide(t, 2)
	b.accept(t, a, 1000)
	st := a.content(t, 1, 800, 800)
	l := b.Ledger()
	pins := l.pins
	l.pins = brokenPins{pins}
	_, err := send(t, a, b, st)
	wantRefusal(t, err, Failed)
	l.pins = pins
	dir := l.dir
	l.dir = filepath.Join(dir, "missing")
	_, err = send(t, a, b, st)
	wantRefusal(t, err, Failed)
	if _, err := l.Accept(t.Context(), a.self, 5000); err == nil {
		t.Error("an agreement that is not on disk")
	}
	if g := b.agreement(t, a); g.Used != 0 || len(g.Contents) != 0 || g.Quota != 1000 || l.incoming != 0 {
		t.Errorf("%+v, %d incoming", g, l.incoming)
	}
	if pinned, _ := b.store.Pinned(t.Context(), st.Ref); pinned {
		t.Error("pinned without an entry")
	}
	l.dir = dir
	if _, err := send(t, a, b, st); err != nil {
		t.Fatal(err)
	}
	if g := b.agreement(t, a); g.Used != 800 {
		t.Errorf("%+v", g)
	}
}
