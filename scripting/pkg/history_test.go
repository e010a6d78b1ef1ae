package pkg

import (
	"bytes"
	"errors"
	"testing"

	"github.com/metatopia/metatopia/lumps"
)

func version(t testing.TB, s string) Version {
	t.Helper()
	v, err := ParseVersion(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func root(s string) lumps.Ref { return lumps.OfNode([]byte(s)) }

// publish appends a release of a package whose content has the version's name.
func publish(t testing.TB, h *History, n byte, name, v, content string) *Release {
	t.Helper()
	r, err := h.Next(key(n), name, version(t, v), root(content), 1000)
	if err != nil {
		t.Fatal(err)
	}
	if changed, err := h.Add(r); err != nil || !changed {
		t.Fatal(changed, err)
	}
	return r
}

func history(t testing.TB) *History {
	h := &History{Author: public(1)}
	publish(t, h, 1, "a", "1.0.0", "a1")
	publish(t, h, 1, "b", "0.1.0", "b1")
	publish(t, h, 1, "a", "1.1.0-rc.1", "a2")
	publish(t, h, 1, "a", "0.9.0", "a0")
	return h
}

func TestHistory(t *testing.T) {
	h := history(t)
	b := h.Append(nil)
	got, err := ReadHistory(b)
	if err != nil || !bytes.Equal(got.Append(nil), b) || len(got.Releases) != 4 {
		t.Fatalf("%+v, %v", got, err)
	}
	if r := h.Newest("a", false); r.ID() != "a@1.0.0" {
		t.Error(r.ID())
	}
	if r := h.Newest("a", true); r.ID() != "a@1.1.0-rc.1" {
		t.Error(r.ID())
	}
	if h.Newest("c", true) != nil || h.Find("a", version(t, "1.0.1")) != nil {
		t.Error("found what is not there")
	}
	// Known releases again change nothing; a gap is refused.
	if changed, err := h.Add(h.Releases...); changed || err != nil {
		t.Error(changed, err)
	}
	short := &History{Author: public(1)}
	if _, err := short.Add(h.Releases[1]); !errors.Is(err, ErrManifest) {
		t.Error(err)
	}
	if _, err := short.Add(history(t).Releases...); err != nil || len(short.Releases) != 4 {
		t.Error(err)
	}
}

// A version means one content for ever.
func TestConflict(t *testing.T) {
	h := history(t)
	if _, err := h.Next(key(1), "a", version(t, "1.0.0"), root("another"), 0); !errors.Is(err, ErrConflict) {
		t.Error(err)
	}
	// The author signs it all the same, as the next release.
	r := &Release{Seq: 5, Prev: h.Tip(), Name: "a", Version: version(t, "1.0.0"), Package: root("another")}
	if err := r.Sign(key(1)); err != nil {
		t.Fatal(err)
	}
	changed, err := h.Add(r)
	if !changed || !errors.Is(err, ErrConflict) || h.Against == nil || h.Against.Seq() != 1 || len(h.Releases) != 4 {
		t.Fatalf("%v %v %+v", changed, err, h.Against)
	}
	if h.Newest("a", true) != nil || h.Certain(h.Releases[3]) {
		t.Error("something of this author is certain still")
	}
	if _, err := h.Next(key(1), "c", version(t, "1.0.0"), root("c"), 0); !errors.Is(err, ErrConflict) {
		t.Error(err)
	}
	got, err := ReadHistory(h.Append(nil))
	if err != nil || got.Against == nil {
		t.Fatal(err)
	}
	// Others believe the evidence alone.
	other := history(t)
	if !other.Convict(got.Against) || other.Convict(got.Against) {
		t.Error("evidence")
	}
	stranger := &History{Author: public(2)}
	if stranger.Convict(got.Against) || got.Against.Valid() && (&Evidence{h.Releases[0], h.Releases[1]}).Valid() {
		t.Error("convicted without evidence")
	}
}

// Two histories that part at a number are evidence from there on.
func TestFork(t *testing.T) {
	h := history(t)
	fork := &History{Author: public(1), Releases: h.Releases[:2:2]}
	other := publish(t, fork, 1, "c", "1.0.0", "c1")
	if _, err := h.Add(other); !errors.Is(err, ErrConflict) {
		t.Fatal(err)
	}
	if h.Against.Seq() != 3 || !h.Certain(h.Releases[1]) || h.Certain(h.Releases[2]) {
		t.Errorf("%+v", h.Against)
	}
	if r := h.Newest("a", false); r.ID() != "a@1.0.0" {
		t.Error(r)
	}
	// What follows the fork does not fit here.
	after := publish(t, fork, 1, "c", "1.0.1", "c2")
	publish(t, fork, 1, "c", "1.0.2", "c3")
	if _, err := h.Add(fork.Releases[4]); !errors.Is(err, ErrManifest) {
		t.Error(err)
	}
	_ = after
}

func TestReleaseForged(t *testing.T) {
	r := history(t).Releases[0]
	b := r.Encode()
	for i := range b {
		c := bytes.Clone(b)
		c[i] ^= 1
		if _, err := ParseRelease(c); err == nil {
			t.Fatalf("byte %d may be changed", i)
		}
	}
	for _, bad := range []Release{
		{Seq: 0, Name: "a", Version: Version{1, 0, 0, ""}, Package: root("x")},
		{Seq: 1, Prev: [32]byte{1}, Name: "a", Version: Version{1, 0, 0, ""}, Package: root("x")},
		{Seq: 2, Name: "a", Version: Version{1, 0, 0, ""}, Package: root("x")},
		{Seq: 1, Name: "A", Version: Version{1, 0, 0, ""}, Package: root("x")},
		{Seq: 1, Name: "a", Version: Version{1, 0, 0, ""}, Package: lumps.Of(nil)},
		{Seq: 1, Name: "a", Version: Version{1, 0, 0, ""}, Package: root("x"), Time: -1},
	} {
		if err := bad.Sign(key(1)); !errors.Is(err, ErrManifest) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}
