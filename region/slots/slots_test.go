package slots_test

import (
	"context"
	"errors"
	"math"
	"path/filepath"
	"testing"

	"github.com/metatopia/metatopia/region/slots"
	"github.com/metatopia/metatopia/region/slots/open"
)

func TestCheck(t *testing.T) {
	s, err := open.Open(t.Context(), "", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	c, err := slots.Check(t.Context(), s)
	if err != nil || len(c.Passed) != 6 || c.About.Engine != "bolt" || c.Took <= 0 {
		t.Fatalf("%+v %v", c, err)
	}
	if err := s.View(t.Context(), 0, func(r slots.Reader) error {
		if list, err := r.Range("", 10); err != nil || len(list) != 0 {
			t.Fatalf("it leaves %v %v", list, err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}

func TestPlaces(t *testing.T) {
	for place, ok := range map[string]bool{"": true, "bolt": true, "bolt:a.db": true, "postgres://h/db": true, "postgresql://u@h:5/db?schema=x": true, "etcd://h": true,
		"etcds://a:1,b:2/x": true, "mysql://h": false, "bolt://x": false, "etcd:": false, "postgres://h/db?schema=A B": false, "postgres://h:x/db": false} {
		if err := open.Check(place); (err == nil) != ok {
			t.Errorf("%q: %v", place, err)
		}
	}
}

// One process has a file open.
func TestFileIsOpenOnce(t *testing.T) {
	dir := t.TempDir()
	s, err := open.Open(t.Context(), "bolt:x.db", dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if _, err := open.Open(t.Context(), "bolt:"+filepath.Join(dir, "x.db"), "/nowhere"); err == nil {
		t.Fatal("a file is open twice")
	}
}

func TestNumbers(t *testing.T) {
	for _, c := range []struct {
		old []byte
		add int64
		ok  bool
	}{{nil, 5, true}, {slots.Number(-3), 3, true}, {slots.Number(math.MaxInt64), 1, false}, {slots.Number(math.MinInt64), -1, false}, {[]byte("abc"), 1, false}, {slots.Number(7), 0, true}} {
		v, err := slots.Plus(c.old, c.add)
		if (err == nil) != c.ok || err != nil && !errors.Is(err, slots.ErrNumber) {
			t.Errorf("%x plus %d: %x %v", c.old, c.add, v, err)
		}
	}
}

func TestEnd(t *testing.T) {
	for in, want := range map[string]string{"": "", "a": "b", "a\xff": "b", "\xff\xff": ""} {
		if got := slots.End(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

// What a closed store is asked for fails in words.
func TestClosed(t *testing.T) {
	s, err := open.Open(t.Context(), "", t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	if _, err := s.Run(ctx, slots.NewID(), func(tx slots.Tx) error { return nil }); !errors.Is(err, slots.ErrClosed) {
		t.Fatal(err)
	}
	if err := s.View(ctx, 0, func(slots.Reader) error { return nil }); !errors.Is(err, slots.ErrClosed) {
		t.Fatal(err)
	}
}
