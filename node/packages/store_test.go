package packages

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/scripting/pkg"
)

func key(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, ed25519.SeedSize))
}

func public(n byte) base.Key { return base.Key(key(n).Public().(ed25519.PublicKey)) }

// disk is a data directory.
type disk struct {
	dir  string
	list []byte
	fail error // of the next write
}

func (d *disk) open(t *testing.T) (*Store, error) {
	t.Helper()
	return Open(Config{
		Dir: d.dir,
		Load: func(v any) (bool, error) {
			if d.list == nil {
				return false, nil
			}
			return true, json.Unmarshal(d.list, v)
		},
		Save: func(v any) (err error) {
			if d.fail == nil {
				d.list, err = json.Marshal(v)
				return err
			}
			return d.fail
		},
		Write: func(file string, b []byte) error {
			if d.fail != nil {
				return d.fail
			}
			return os.WriteFile(file, b, 0o600)
		},
	})
}

func opened(t *testing.T, d *disk) *Store {
	t.Helper()
	s, err := d.open(t)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func entry(t *testing.T, n byte, name, version string) Entry {
	t.Helper()
	v, err := pkg.ParseVersion(version)
	if err != nil {
		t.Fatal(err)
	}
	m := &pkg.Manifest{Name: name, Version: v, Description: "d", License: "MIT", Recipe: pkg.Recipe{Tool: "go"},
		Modules: []pkg.Module{{Target: pkg.Process, Ref: lumps.Of([]byte(name + version)), Size: 1, Entry: "x"}}}
	if err := m.Sign(key(n)); err != nil {
		t.Fatal(err)
	}
	return Entry{Root: lumps.OfNode(m.Encode()), Manifest: m, Installed: true, Grants: []pkg.Grant{{Name: "world"}}, Time: 1}
}

func reference(t *testing.T, s string) pkg.Reference {
	t.Helper()
	r, err := pkg.ParseReference(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestFind(t *testing.T) {
	d := &disk{dir: t.TempDir()}
	s := opened(t, d)
	one, two, rc := entry(t, 1, "a", "1.0.0"), entry(t, 1, "a", "1.10.0"), entry(t, 1, "a", "2.0.0-rc.1")
	other := entry(t, 2, "b", "1.0.0")
	rc.Installed = false
	for _, e := range []Entry{two, other, rc, one} {
		if err := s.Put(e); err != nil {
			t.Fatal(err)
		}
	}
	for ref, want := range map[string]Entry{"a": two, "a@1.0.0": one, public(1).Short() + "/a": two, other.Root.String(): other} {
		if got, err := s.Find(reference(t, ref)); err != nil || got.Root != want.Root {
			t.Errorf("%s: %v, %v", ref, got.Root, err)
		}
	}
	for _, ref := range []string{"c", "a@2.0.0-rc.1", rc.Root.String(), public(2).Short() + "/a"} {
		if _, err := s.Find(reference(t, ref)); !errors.Is(err, ErrNone) {
			t.Errorf("%s: %v", ref, err)
		}
	}
	if err := s.Put(entry(t, 2, "a", "0.1.0")); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Find(reference(t, "a")); !errors.Is(err, ErrAmbiguous) {
		t.Error(err)
	}
	if e, ok := s.ByModule(two.Manifest.Modules[0].Ref); !ok || e.Root != two.Root {
		t.Error("by module")
	}
	// All of it is there after a restart.
	again := opened(t, d)
	if a, b := s.List(), again.List(); len(a) != len(b) || !slices.Equal(b[0].Grants, a[0].Grants) || b[0].Root != a[0].Root {
		t.Errorf("%+v", b)
	}
	if err := again.Drop(other.Root); err != nil || again.Uses(public(3)) || !again.Uses(public(2)) {
		t.Error(err)
	}
	// What could not be written did not happen.
	d.fail = errors.New("disk full")
	if err := again.Put(other); !errors.Is(err, d.fail) || len(again.List()) != 4 {
		t.Errorf("%v, %d", err, len(again.List()))
	}
}

func release(t *testing.T, h *pkg.History, n byte, name, version string) *pkg.Release {
	t.Helper()
	v, err := pkg.ParseVersion(version)
	if err != nil {
		t.Fatal(err)
	}
	r, err := h.Next(key(n), name, v, lumps.OfNode([]byte(name+version)), 1)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestLearn(t *testing.T) {
	d := &disk{dir: t.TempDir()}
	s := opened(t, d)
	first := release(t, s.History(public(1)), 1, "a", "1.0.0")
	if changed, err := s.Learn(public(1), []*pkg.Release{first}, nil); err != nil || !changed {
		t.Fatal(changed, err)
	}
	before := s.History(public(1))
	fork := release(t, before, 1, "x", "1.0.0")
	second := release(t, before, 1, "a", "1.1.0")
	if _, err := s.Learn(public(1), []*pkg.Release{second}, nil); err != nil || len(before.Releases) != 1 {
		t.Fatal(err, len(before.Releases))
	}
	if changed, err := s.Learn(public(1), []*pkg.Release{first, second}, nil); changed || err != nil {
		t.Error(changed, err)
	}
	if _, err := s.Learn(public(1), []*pkg.Release{fork}, nil); !errors.Is(err, pkg.ErrConflict) {
		t.Error(err)
	}
	again := opened(t, d)
	if h := again.History(public(1)); len(h.Releases) != 2 || h.Against == nil || h.Against.Seq() != 2 {
		t.Errorf("%+v", h)
	}
	if names := again.Naming("a"); len(names) != 1 || names[0] != public(1) || again.Naming("b") != nil {
		t.Errorf("%v", names)
	}
	// A damaged file stops the node: it is not replaced by nothing.
	file := filepath.Join(d.dir, public(1).String())
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2] ^= 1
	if err := os.WriteFile(file, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := d.open(t); err == nil {
		t.Error("damaged releases are taken")
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	d.list = []byte(`{"packages":[{"root":"","manifest":"AAAA","installed":true,"time":1}]}`)
	if _, err := d.open(t); err == nil {
		t.Error("a damaged list is taken")
	}
}

// Strangers' histories make room for others; those of authors whose packages
// are here stay, and so does evidence.
func TestAuthorsAreBounded(t *testing.T) {
	s := opened(t, &disk{dir: t.TempDir()})
	if err := s.Put(entry(t, 1, "a", "1.0.0")); err != nil {
		t.Fatal(err)
	}
	mine := release(t, s.History(public(1)), 1, "a", "1.0.0")
	if _, err := s.Learn(public(1), []*pkg.Release{mine}, nil); err != nil {
		t.Fatal(err)
	}
	for i := range MaxAuthors + 10 {
		var seed [ed25519.SeedSize]byte
		seed[0], seed[1], seed[2] = byte(i), byte(i>>8), 1
		priv := ed25519.NewKeyFromSeed(seed[:])
		k := base.Key(priv.Public().(ed25519.PublicKey))
		r := &pkg.Release{Seq: 1, Name: "b", Version: pkg.Version{Major: 1}, Package: lumps.OfNode([]byte("b"))}
		if err := r.Sign(priv); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Learn(k, []*pkg.Release{r}, nil); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.authors) != MaxAuthors || len(s.History(public(1)).Releases) != 1 {
		t.Errorf("%d authors", len(s.authors))
	}
	files, err := os.ReadDir(s.cfg.Dir)
	if err != nil || len(files) != MaxAuthors {
		t.Errorf("%d files, %v", len(files), err)
	}
}
