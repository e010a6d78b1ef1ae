package pkg

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
)

func key(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, ed25519.SeedSize))
}

func public(n byte) base.Key { return base.Key(key(n).Public().(ed25519.PublicKey)) }

func sample(t testing.TB, keys ...ed25519.PrivateKey) *Manifest {
	t.Helper()
	m := &Manifest{
		Name: "greeter", Version: Version{1, 2, 3, ""}, Description: "says hello", License: "MIT", Author: "Ada",
		Source: lumps.Of([]byte("source")), SourceSize: 6,
		Recipe:     Recipe{Tool: "go", Toolchain: "go1.26", Options: []Setting{{"runtime", "stub"}}},
		Modules:    []Module{{Sim, lumps.Of([]byte("sim")), 3, "sim.go"}, {Process, lumps.Of([]byte("process")), 7, "cmd/greeter"}},
		Interfaces: []Interface{{Name: "mt:log", From: 1, To: 2, Config: []Setting{{"level", "info"}}}, {Name: "mt:world", From: 1, To: 1}},
		Privileges: []Privilege{{"lump.send", "sends letters", true}, {"world", "walks", false}},
		Memory:     16 << 20, Gas: 1000,
	}
	if err := m.Sign(keys...); err != nil {
		t.Fatal(err)
	}
	return m
}

func TestManifestRoundTrip(t *testing.T) {
	m := sample(t, key(1), key(2))
	b := m.Encode()
	got, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Encode(), b) || got.Publisher() != public(1) || got.ID() != "greeter@1.2.3" {
		t.Fatalf("%+v", got)
	}
	if parts := got.Parts(); len(parts) != 3 || parts[0] != m.Source {
		t.Fatalf("%v", parts)
	}
	for i := range b { // every byte is signed, or is a signature
		c := bytes.Clone(b)
		c[i] ^= 1
		if _, err := Parse(c); err == nil {
			t.Fatalf("byte %d may be changed", i)
		}
	}
	// One of two authors alone does not make a package of both.
	m.Sigs[1] = m.Sigs[0]
	if _, err := Parse(m.Encode()); !errors.Is(err, ErrForged) {
		t.Fatal(err)
	}
}

func TestManifestBounds(t *testing.T) {
	for what, spoil := range map[string]func(m *Manifest){
		"name":             func(m *Manifest) { m.Name = "Greeter" },
		"name like a cid":  func(m *Manifest) { m.Name = "b" + strings.Repeat("a", 58) },
		"version":          func(m *Manifest) { m.Version.Pre = "a..b" },
		"description":      func(m *Manifest) { m.Description = "two\nlines" },
		"license":          func(m *Manifest) { m.License = "do what" },
		"source size":      func(m *Manifest) { m.SourceSize = MaxBundle + 1 },
		"source missing":   func(m *Manifest) { m.Source = lumps.Ref{} },
		"no module":        func(m *Manifest) { m.Modules = nil },
		"module order":     func(m *Manifest) { slices.Reverse(m.Modules) },
		"target":           func(m *Manifest) { m.Modules[1].Target = 9 },
		"module is source": func(m *Manifest) { m.Modules[0].Ref = m.Source },
		"entry":            func(m *Manifest) { m.Modules[0].Entry = "../up" },
		"interface twice":  func(m *Manifest) { m.Interfaces[1] = m.Interfaces[0] },
		"interface range":  func(m *Manifest) { m.Interfaces[0].To = 0 },
		"config":           func(m *Manifest) { m.Interfaces[0].Config[0].Value = "\x1b[2J" },
		"privilege":        func(m *Manifest) { m.Privileges[0].Name = "" },
		"reason":           func(m *Manifest) { m.Privileges[0].Why = "" },
		"tool":             func(m *Manifest) { m.Recipe.Tool = "/bin/sh" },
		"options":          func(m *Manifest) { m.Recipe.Options = make([]Setting, MaxOptions+1) },
	} {
		m := sample(t, key(1))
		spoil(m)
		if err := m.Check(); err == nil {
			t.Errorf("%s: taken", what)
		}
		if _, err := Parse(append(m.Body(), make([]byte, 64)...)); err == nil || errors.Is(err, ErrForged) {
			t.Errorf("%s: parsed: %v", what, err)
		}
	}
	if err := new(Manifest).Sign(); !errors.Is(err, ErrManifest) {
		t.Error(err)
	}
}

func TestVersions(t *testing.T) {
	order := []string{"0.0.1", "0.9.0", "0.10.0", "1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta.2", "1.0.0-beta.11", "1.0.0-rc.1", "1.0.0", "1.0.1", "2.0.0"}
	for i, a := range order {
		for j, b := range order {
			x, err := ParseVersion(a)
			if err != nil || x.String() != a {
				t.Fatal(a, err)
			}
			y, _ := ParseVersion(b)
			if got := x.Compare(y); (got < 0) != (i < j) || (got > 0) != (i > j) {
				t.Errorf("%s and %s: %d", a, b, got)
			}
		}
	}
	for _, s := range []string{"", "1", "1.0", "1.0.0.0", "01.0.0", "1.0.0-", "1.0.0-01", "1.0.0+b", "v1.0.0", "1.0.-1", "1.0.0-a b", "1.0.1000000000000000", "1.0.0-é"} {
		if _, err := ParseVersion(s); !errors.Is(err, ErrManifest) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func TestBundle(t *testing.T) {
	files := []File{{Path: "b/c.go", Data: []byte("package c")}, {Path: "a", Exec: true, Data: []byte("#!/bin/sh")}, {Path: "empty"}}
	b, err := PackBundle(files)
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(files)
	if again, _ := PackBundle(files); !bytes.Equal(b, again) {
		t.Error("the order of the files shows")
	}
	got, err := ReadBundle(b)
	if err != nil || len(got) != 3 || got[0].Path != "a" || !got[0].Exec || string(got[1].Data) != "package c" {
		t.Fatalf("%+v, %v", got, err)
	}
	for _, bad := range [][]File{nil, {{Path: "/etc/passwd"}}, {{Path: "../x"}}, {{Path: "a/../b"}}, {{Path: "a"}, {Path: "a"}}, {{Path: "a"}, {Path: "a/b"}},
		{{Path: "a b"}}, {{Path: "-rf"}}, {{Path: strings.Repeat("x", MaxEntry+1)}}, {{Path: "a", Data: make([]byte, MaxBundle)}}} {
		if _, err := PackBundle(bad); !errors.Is(err, ErrBundle) {
			t.Errorf("%.3v: %v", bad, err)
		}
	}
	for _, bad := range [][]byte{nil, []byte("text"), b[:512], append(bytes.Clone(b), 0)} {
		if _, err := ReadBundle(bad); err == nil {
			t.Errorf("%d bytes are read", len(bad))
		}
	}
}

func TestPlan(t *testing.T) {
	p, err := ParsePlan([]byte(`{"name":"x","version":"1.0.0","description":"d","license":"MIT","build":{"tool":"go","options":{"b":"2","a":"1"}},
		"modules":{"process":"cmd/x","sim":"sim"},"interfaces":{"mt:log":"1","mt:world":{"versions":"1-2","optional":true,"config":{"k":"v"}}},
		"privileges":{"world":"walks","http":{"why":"looks","optional":true}},"memory":"16M"}`))
	if err != nil {
		t.Fatal(err)
	}
	m, err := p.Manifest()
	if err != nil || m.Memory != 16<<20 || m.Modules[0].Target != Sim || m.Recipe.Options[0] != (Setting{"a", "1"}) || m.Interfaces[1].String() != "mt:world@1-2" || !m.Privileges[0].Optional {
		t.Fatalf("%+v, %v", m, err)
	}
	for _, s := range []string{``, `{}`, `[]`, `{"name":"x"} x`,
		`{"name":"x","version":"1.0.0","description":"d","license":"MIT","build":{"tool":"go"},"modules":{"process":"x"},"licence":"MIT"}`,
		`{"name":"x","version":"1.0.0","description":"d","license":"MIT","build":{"tool":"go"},"modules":{"server":"x"}}`,
		`{"name":"x","version":"1.0.0","description":"d","license":"MIT","build":{"tool":"go"},"modules":{"sim":"x"},"memory":"16X"}`,
		`{"name":"x","version":"1.0.0","description":"d","license":"MIT","build":{"tool":"go"},"modules":{"sim":"x"},"interfaces":{"mt:log":"2-1"}}`,
		`{"name":"x","version":"1.0.0","description":"d","license":"MIT","build":{"tool":"go"},"modules":{"sim":"x"},"closed":true,"source":["*"]}`,
	} {
		if _, err := ParsePlan([]byte(s)); !errors.Is(err, ErrManifest) {
			t.Errorf("%s: %v", s, err)
		}
	}
}

func TestNeeds(t *testing.T) {
	m := sample(t, key(1))
	m.Require([]string{"mt:log@1", "mt:time@1", "wasi_snapshot_preview1"})
	if len(m.Interfaces) != 3 || m.Interfaces[1].String() != "mt:time@1" {
		t.Fatalf("%v", m.Interfaces)
	}
	if err := m.Covers([]string{"mt:log@2", "mt:time@1"}); err != nil {
		t.Error(err)
	}
	if err := m.Covers([]string{"mt:log@3"}); !errors.Is(err, ErrManifest) {
		t.Error(err)
	}
	if lacks := m.Lacks([]string{"mt:log@2", "mt:time@2"}); !slices.Equal(lacks, []string{"mt:time@1", "mt:world@1"}) {
		t.Errorf("%v", lacks)
	}
}

func TestDecide(t *testing.T) {
	m := sample(t, key(1))
	grants := func(list ...string) (out []Grant) {
		for _, s := range list {
			g, err := ParseGrant(s)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, g)
		}
		return out
	}
	if given, missing := m.Decide(nil); len(given) != 0 || len(missing) != 1 || missing[0].Name != "world" {
		t.Errorf("%v %v", given, missing)
	}
	// What it does not ask for it does not get.
	given, missing := m.Decide(grants("world", "process.spawn=any", "lump.send=any", "world"))
	if len(given) != 2 || given[0].String() != "lump.send=any" || given[1].Name != "world" || missing != nil {
		t.Errorf("%v %v", given, missing)
	}
	for _, s := range []string{"", "root", "world=x", "lump.send", "lump.send=", "lump.send=a b"} {
		if _, err := ParseGrant(s); !errors.Is(err, ErrManifest) {
			t.Errorf("%q: %v", s, err)
		}
	}
}
