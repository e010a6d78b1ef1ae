package node

import (
	"errors"
	"log/slog"
	"os"
	"strings"
	"testing"
)

func TestIdentityIsKept(t *testing.T) {
	dir := t.TempDir()
	h, err := openHome(dir)
	if err != nil {
		t.Fatal(err)
	}
	a, err := h.identity()
	if err != nil {
		t.Fatal(err)
	}
	b, err := h.identity()
	if err != nil || !a.Equal(b) {
		t.Fatal("a second look gave another key", err)
	}
	st, err := os.Stat(h.path("identity.key"))
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Fatal(st.Mode(), err)
	}
	// A damaged key is never replaced: it would make the person somebody else.
	if err := os.WriteFile(h.path("identity.key"), []byte("zz"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := h.identity(); err == nil || !strings.Contains(err.Error(), "damaged") {
		t.Fatal(err)
	}
}

func TestOneProcessPerHome(t *testing.T) {
	dir := t.TempDir()
	h, err := openHome(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := openHome(dir); !errors.Is(err, ErrInUse) {
		t.Fatal(err)
	}
	h.close()
	h, err = openHome(dir)
	if err != nil {
		t.Fatal(err)
	}
	h.close()
}

func TestErrorsOfTheLogAreCounted(t *testing.T) {
	c := newCounters()
	log := slog.New(countingHandler{slog.DiscardHandler, c}).With("a", 1).WithGroup("g")
	log.Info("fine")
	log.Warn("odd")
	log.Error("bad")
	if n := c.snapshot()[countErrors]; n != 1 {
		t.Fatal(n)
	}
}

func TestHandoffsAreBodiesOtherThanAvatars(t *testing.T) {
	c := newCounters()
	c.add(countArrivals, 5)
	c.add(countCrossings, 3)
	if n := c.snapshot()[countHandoffs]; n != 2 {
		t.Fatal(n)
	}
}

func TestClipName(t *testing.T) {
	for in, want := range map[string]string{
		"Ada":                               "Ada",
		strings.Repeat("x", 32):             strings.Repeat("x", 32),
		strings.Repeat("x", 40):             strings.Repeat("x", 32),
		strings.Repeat("x", 31) + "é":       strings.Repeat("x", 31),
		strings.Repeat("x", 30) + "\u20ac€": strings.Repeat("x", 30),
	} {
		if got := clipName(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}
