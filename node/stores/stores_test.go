package stores_test

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/stores"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/slots"
	"github.com/metatopia/metatopia/region/slots/bolt"
)

var (
	here  = base.DeriveID("test", []byte("region"))
	ann   = base.Key{1}
	bob   = base.Key{2}
	place = stores.Owned{ID: here, Owner: base.Key{9}}
	asked uint64
)

func newStore(t *testing.T) *slots.DB {
	t.Helper()
	e, err := bolt.Open(filepath.Join(t.TempDir(), "s.db"), bolt.Options{})
	if err != nil {
		t.Fatal(err)
	}
	s := slots.New(e)
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func request(owner base.Key, steps ...region.StoreStep) *region.Request {
	asked++
	r := &region.Request{Owner: owner, At: 5, Ask: region.Ask{Steps: steps}}
	r.ID[0], r.ID[1], r.ID[2] = byte(asked), byte(asked>>8), 1
	return r
}

// do carries out one request and gives its answer as a text.
func do(t *testing.T, s slots.Store, r *region.Request) string {
	t.Helper()
	a, err := place.Do(t.Context(), s, r)
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for _, x := range a.Items {
		v := fmt.Sprint(x.Value.Int)
		switch x.Value.Type {
		case region.SlotNone:
			v = "-"
		case region.SlotText:
			v = x.Value.Text
		case region.SlotBytes:
			v = string(x.Value.Bytes)
		}
		list = append(list, x.Key+"="+v)
	}
	return strings.Join(append(list, a.Code.String()), " ")
}

func get(k string) region.StoreStep { return region.StoreStep{Op: region.StoreGet, Key: k} }
func put(k string, v region.SlotValue) region.StoreStep {
	return region.StoreStep{Op: region.StorePut, Key: k, Value: v}
}
func add(k string, n int64) region.StoreStep {
	return region.StoreStep{Op: region.StoreAdd, Key: k, Value: region.IntSlot(n)}
}
func check(k string, v region.SlotValue) region.StoreStep {
	return region.StoreStep{Op: region.StoreCheck, Key: k, Value: v}
}
func list(prefix, start string, n uint8) region.StoreStep {
	return region.StoreStep{Op: region.StoreList, Key: prefix, Start: start, N: n}
}

func TestSteps(t *testing.T) {
	s := newStore(t)
	big := region.TextSlot(strings.Repeat("x", region.MaxSlotValue))
	for i, c := range []struct {
		r    *region.Request
		want string
	}{
		{request(ann, get("a")), "a=- "},
		{request(ann, put("a", region.TextSlot("one")), get("a"), add("n", 3), add("n", 4)), "a=one n=3 n=7 "},
		{request(ann, add("a", 1)), "number"},
		{request(ann, put("a", region.TextSlot("two")), add("a", 1)), "number"}, // and nothing is done
		{request(ann, get("a"), get("n")), "a=one n=7 "},
		{request(bob, get("a"), list("", "", 9)), "a=- "}, // another owner's
		{request(ann, check("a", region.TextSlot("two")), put("a", region.SlotValue{})), "conflict"},
		{request(ann, check("a", region.TextSlot("one")), check("b", region.SlotValue{}), put("a", region.SlotValue{})), ""},
		{request(ann, list("", "", 9)), "n=7 "},
		{request(ann, put("l/1", region.IntSlot(1)), put("l/2", region.IntSlot(2)), put("l/3", region.IntSlot(3))), ""},
		{request(ann, list("l/", "l/2", 1)), "l/2=2 "},
		{request(ann, list("l/", "", 2), get("n")), "l/1=1 l/2=2 n=7 "},
		{request(bob, put("x", big)), ""},
		{request(bob, put("y", big)), ""},
		{request(bob, get("x"), get("y")), "large"},
		{request(ann, add("n", 1<<63-1)), "number"},
	} {
		if got := do(t, s, c.r); got != c.want {
			t.Errorf("request %d: %q, want %q", i, got, c.want)
		}
	}
}

// TestOnce: who asks again under the same id gives the same answer, and nothing
// is done twice, whatever has happened since.
func TestOnce(t *testing.T) {
	s := newStore(t)
	r := request(ann, add("n", 1), get("other"))
	if got := do(t, s, r); got != "n=1 other=- " {
		t.Fatal(got)
	}
	do(t, s, request(ann, add("n", 5), put("other", region.IntSlot(1))))
	if got := do(t, s, r); got != "n=1 other=- " {
		t.Errorf("asked again: %q", got)
	}
	if got := do(t, s, request(ann, get("n"))); got != "n=6 " {
		t.Errorf("then %q", got)
	}
	// Until it is forgotten, an hour later.
	if err := stores.Sweep(t.Context(), s, here, stores.Keep); err != nil {
		t.Fatal(err)
	}
	if got := do(t, s, r); got != "n=1 other=- " {
		t.Errorf("swept too early: %q", got)
	}
	if err := stores.Sweep(t.Context(), s, here, stores.Keep+6); err != nil {
		t.Fatal(err)
	}
	if _, err := place.Do(t.Context(), s, r); !errors.Is(err, slots.ErrCorrupt) {
		t.Error("the answer was not forgotten")
	}
}

// TestQuota: an owner's things have a bounded part of the store, taking less is
// always allowed, and another's is not harmed.
func TestQuota(t *testing.T) {
	if testing.Short() {
		t.Skip("it writes four megabytes: go test ./node/stores -run TestQuota, without -short")
	}
	s := newStore(t)
	v := region.BytesSlot(make([]byte, region.MaxSlotValue-100))
	n, full := 0, false
	for ; n < stores.OwnerBytes/region.MaxSlotValue+10 && !full; n += 2 {
		switch got := do(t, s, request(ann, put(fmt.Sprint("k", n), v), put(fmt.Sprint("k", n+1), v))); got {
		case "":
		case "quota":
			full = true
		default:
			t.Fatal(got)
		}
	}
	if !full || n < stores.OwnerBytes/region.MaxSlotValue-80 {
		t.Fatalf("full %v after %d values", full, n)
	}
	if got := do(t, s, request(ann, put("k0", region.SlotValue{}))); got != "" {
		t.Errorf("to delete: %q", got)
	}
	if got := do(t, s, request(ann, put("k0", v))); got != "" {
		t.Errorf("then there is room: %q", got)
	}
	if got := do(t, s, request(bob, put("k0", v))); got != "" {
		t.Errorf("another owner: %q", got)
	}
}

// log is a region's, for carriers.
type log struct {
	mu      sync.Mutex
	tick    base.Tick
	store   base.ID
	waiting []region.Request
	answers map[region.RequestID]*region.Answer
	last    []region.Answered
	lose    int // that many answers are lost
	sent    int
}

func (l *log) take(self base.ID) func(*region.Answer) error {
	return func(a *region.Answer) error {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.sent++
		if l.lose > 0 {
			l.lose--
			return nil
		}
		i := slices.IndexFunc(l.waiting, func(r region.Request) bool { return r.ID == a.ID })
		if i < 0 {
			return nil
		}
		l.waiting = slices.Delete(slices.Clone(l.waiting), i, i+1)
		l.answers[a.ID] = a
		l.last = append(l.last, region.Answered{ID: a.ID, From: self})
		return nil
	}
}

// next makes a tick, of which the carriers with a true are told; the first leads.
func (l *log) next(told ...func(*stores.Sees)) {
	l.mu.Lock()
	l.tick++
	x := stores.Sees{Seen: stores.Seen{Tick: l.tick, Durable: l.tick, Store: l.store, Waiting: l.waiting, Answered: l.last}}
	l.last = nil
	l.mu.Unlock()
	for _, f := range told {
		y := x
		f(&y)
	}
}

func carrier(t *testing.T, s slots.Store, l *log, self base.ID, leads *bool) func(*stores.Sees) {
	c := stores.New(stores.Config{Region: place, Store: s, ID: l.store, Answer: l.take(self), Log: slog.New(slog.DiscardHandler)})
	t.Cleanup(c.Close)
	return func(x *stores.Sees) {
		x.Self, x.Leading = self, *leads
		c.Saw(x)
	}
}

func settle(t *testing.T, l *log, told ...func(*stores.Sees)) {
	t.Helper()
	beat := time.NewTicker(time.Millisecond)
	defer beat.Stop()
	for end := time.Now().Add(time.Minute); ; <-beat.C {
		l.next(told...)
		l.mu.Lock()
		n := len(l.waiting)
		l.mu.Unlock()
		if n == 0 {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("%d requests wait", n)
		}
	}
}

// TestCarriers: two servers have the store. Answers are lost, the one that
// answers goes away: everything is done once, in the order of each owner.
func TestCarriers(t *testing.T) {
	s := newStore(t)
	id, err := stores.Identify(t.Context(), s, here, true)
	if again, err2 := stores.Identify(t.Context(), s, here, true); err != nil || err2 != nil || id.IsZero() || again != id {
		t.Fatalf("%v %v, then %v %v", id, err, again, err2)
	}
	l := &log{store: id, answers: map[region.RequestID]*region.Answer{}}
	leads, follows := true, false
	a := carrier(t, s, l, base.ID{1}, &leads)
	b := carrier(t, s, l, base.ID{2}, &follows)
	ask := func(n int) (ids []region.RequestID) {
		l.mu.Lock()
		defer l.mu.Unlock()
		for range n {
			for _, k := range []base.Key{ann, bob} {
				r := request(k, add("n", 1))
				r.At = l.tick
				l.waiting = append(l.waiting, *r)
				ids = append(ids, r.ID)
			}
		}
		return ids
	}
	want := int64(0)
	expect := func(ids []region.RequestID) {
		t.Helper()
		for i, id := range ids {
			x := l.answers[id]
			if i%2 == 0 {
				want++
			}
			if x == nil || x.Code != region.StoreOK || x.Items[0].Value.Int != want {
				t.Fatalf("answer %d: %+v, want %d", i, x, want)
			}
		}
	}
	ids := ask(5)
	l.lose = 3
	settle(t, l, a, b)
	expect(ids)
	ids = ask(5) // the first is gone: the second takes over when its patience is at an end
	settle(t, l, b)
	expect(ids)
	ids = ask(5) // and both are there again
	settle(t, l, a, b)
	expect(ids)
	l.mu.Lock()
	if l.sent > 60 {
		t.Errorf("%d answers for 30 requests", l.sent)
	}
	l.store = base.ID{77} // the region has another store: this one is left alone
	l.mu.Unlock()
	ask(1)
	for range 100 {
		l.next(a, b)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) != 2 {
		t.Errorf("%d requests to another store wait", len(l.waiting))
	}
}

// A late server carries nothing out.
func TestLate(t *testing.T) {
	s := newStore(t)
	l := &log{store: base.ID{1}, answers: map[region.RequestID]*region.Answer{}, waiting: []region.Request{*request(ann, add("n", 1))}}
	leads := true
	a := carrier(t, s, l, base.ID{1}, &leads)
	for range 100 {
		l.next(func(x *stores.Sees) { x.Late = true; a(x) })
	}
	if got := do(t, s, request(ann, get("n"))); got != "n=- " {
		t.Errorf("carried out: %q", got)
	}
	settle(t, l, a)
}

// TestAnswersAreSaidOnce: an answer that takes some ticks to come into the log is
// not said again in each of them, and is when it does not come.
func TestAnswersAreSaidOnce(t *testing.T) {
	said := make(chan *region.Answer, 100)
	c := stores.New(stores.Config{Region: place, Store: newStore(t), ID: base.ID{1}, Log: slog.New(slog.DiscardHandler),
		Answer: func(a *region.Answer) error { said <- a; return nil }})
	t.Cleanup(c.Close)
	r := request(ann, add("n", 1))
	see := func(tick base.Tick) {
		c.Saw(&stores.Sees{Seen: stores.Seen{Tick: tick, Durable: tick, Store: base.ID{1}, Waiting: []region.Request{*r}, Leading: true}})
	}
	see(10)
	<-said
	for tick := base.Tick(11); tick < 30; tick++ {
		see(tick)
	}
	if n := len(said); n != 0 {
		t.Fatalf("said %d times more", n)
	}
	see(30)
	if n := len(said); n != 1 {
		t.Fatalf("an answer that was lost is said %d times more", n)
	}
}
