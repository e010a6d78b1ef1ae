package pkg

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/internal/spdx"
	"github.com/metatopia/metatopia/lumps"
)

// Target is what a module of a package is for.
type Target uint8

const (
	Sim     Target = 1 // a thing's handler, run by regions
	Process Target = 2
	Browser Target = 3 // run by the page; the node does not run it
	Loader  Target = 4 // reads a format of assets
)

var targetNames = [...]string{"", "sim", "process", "browser", "loader"}

// Targets are the names of all, in their order.
func Targets() []string { return targetNames[1:] }

func (t Target) String() string {
	if t > 0 && int(t) < len(targetNames) {
		return targetNames[t]
	}
	return fmt.Sprintf("target %d", uint8(t))
}

// ParseTarget reads a target's name.
func ParseTarget(s string) (Target, error) {
	if i := slices.Index(targetNames[:], s); i > 0 {
		return Target(i), nil
	}
	return 0, fmt.Errorf("%w: target %q is none of %s", ErrManifest, clip(s), strings.Join(Targets(), ", "))
}

// Manifest is what a package says of itself, under its authors' keys. It is a
// request: who installs or runs it decides what is granted. The slices are in
// the order of their first fields, each once; keys are in the order of the
// authors, the first of whom publishes.
type Manifest struct {
	Name        string
	Version     Version
	Description string // one line
	License     string // SPDX expression
	Author      string // what the authors call themselves
	Keys        []base.Key
	Source      lumps.Ref // a bundle; zero: the source is not given
	SourceSize  int64
	Recipe      Recipe
	Modules     []Module
	Interfaces  []Interface
	Privileges  []Privilege
	Memory      uint64 // bytes asked for; 0: what the node gives
	Gas         uint64 // whole-life budget; 0: none
	Sigs        [][64]byte
}

// Module is the compiled form for one target.
type Module struct {
	Target Target
	Ref    lumps.Ref
	Size   int64
	Entry  string // path in the source that the recipe begins with
}

// Recipe says how the modules were built from the source.
type Recipe struct {
	Tool      string // go, assemblyscript, c, wat, prebuilt, ...
	Toolchain string // what the tool said of itself, as "go1.26.8"
	Options   []Setting
}

// Setting is a name with a value.
type Setting struct{ Key, Value string }

// Interface is one that the modules import, in any version from From to To.
type Interface struct {
	Name     string // without version, as mt:log
	From, To uint16
	Optional bool // the package works without
	Config   []Setting
}

// Privilege is something that the package wants to do and that is not free.
type Privilege struct {
	Name     string
	Why      string // for the person who decides
	Optional bool   // the package works without
}

// ErrForged: a signature is not of the key that it should be of.
var ErrForged = errors.New("signature does not match")

// ID is NAME@VERSION.
func (m *Manifest) ID() string { return m.Name + "@" + m.Version.String() }

// Publisher is the key whose releases may have the package.
func (m *Manifest) Publisher() base.Key { return m.Keys[0] }

// Module finds the one for a target.
func (m *Manifest) Module(t Target) (Module, bool) {
	i, ok := slices.BinarySearchFunc(m.Modules, t, func(x Module, t Target) int { return cmp.Compare(x.Target, t) })
	if !ok {
		return Module{}, false
	}
	return m.Modules[i], true
}

// Parts are the contents after the manifest in the content of the package:
// the source, if it is given, and the modules, each once.
func (m *Manifest) Parts() []lumps.Ref {
	var out []lumps.Ref
	if !m.Source.IsZero() {
		out = append(out, m.Source)
	}
	for _, x := range m.Modules {
		if !slices.Contains(out, x.Ref) {
			out = append(out, x.Ref)
		}
	}
	return out
}

// Check tells what is malformed or against a bound; it does not look at
// signatures.
func (m *Manifest) Check() error {
	if err := CheckName(m.Name); err != nil {
		return err
	}
	if v, err := ParseVersion(m.Version.String()); err != nil || v != m.Version {
		return cmp.Or(err, fmt.Errorf("%w: version", ErrManifest))
	}
	if err := cmp.Or(
		checkWords("description", m.Description, 1, MaxDescription),
		checkWords("author", m.Author, 0, MaxAuthor)); err != nil {
		return err
	}
	if err := spdx.Check(m.License); err != nil {
		return fmt.Errorf("%w: license: %w", ErrManifest, err)
	}
	if len(m.Keys) == 0 || len(m.Keys) > MaxKeys {
		return fmt.Errorf("%w: %d keys, want 1 to %d", ErrManifest, len(m.Keys), MaxKeys)
	}
	for i, k := range m.Keys {
		if k.IsZero() || slices.Contains(m.Keys[:i], k) {
			return fmt.Errorf("%w: key %s is empty or stands twice", ErrManifest, k.Short())
		}
	}
	if m.Source.IsZero() != (m.SourceSize == 0) || m.SourceSize < 0 || m.SourceSize > MaxBundle {
		return fmt.Errorf("%w: source of %d bytes, want 1 to %d, or none", ErrManifest, m.SourceSize, MaxBundle)
	}
	for _, check := range []func() error{m.Recipe.check, m.checkModules, m.checkInterfaces, m.checkPrivileges} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (m *Manifest) checkModules() error {
	if len(m.Modules) == 0 {
		return fmt.Errorf("%w: no module", ErrManifest)
	}
	for i, x := range m.Modules {
		switch {
		case x.Target == 0 || int(x.Target) >= len(targetNames):
			return fmt.Errorf("%w: unknown %v", ErrManifest, x.Target)
		case i > 0 && m.Modules[i-1].Target >= x.Target:
			return fmt.Errorf("%w: modules are not in order, or two are for one target", ErrManifest)
		case x.Ref.IsZero() || x.Size <= 0 || x.Size > lumps.MaxContent:
			return fmt.Errorf("%w: the %v module has no content", ErrManifest, x.Target)
		case x.Ref == m.Source:
			return fmt.Errorf("%w: the %v module is the source", ErrManifest, x.Target)
		}
		if err := CheckPath(x.Entry); err != nil {
			return err
		}
	}
	return nil
}

func (m *Manifest) checkInterfaces() error {
	if len(m.Interfaces) > MaxInterfaces {
		return fmt.Errorf("%w: %d interfaces, at most %d", ErrManifest, len(m.Interfaces), MaxInterfaces)
	}
	for i, x := range m.Interfaces {
		if err := checkWord("interface", x.Name, MaxTool); err != nil {
			return err
		}
		if i > 0 && m.Interfaces[i-1].Name >= x.Name {
			return fmt.Errorf("%w: interfaces are not in order, or one stands twice", ErrManifest)
		}
		if x.From > x.To {
			return fmt.Errorf("%w: interface %s: no version from %d to %d", ErrManifest, x.Name, x.From, x.To)
		}
		if err := checkSettings(x.Name, x.Config, MaxConfig, MaxConfigKey, MaxConfigValue); err != nil {
			return err
		}
	}
	return nil
}

func (m *Manifest) checkPrivileges() error {
	if len(m.Privileges) > MaxPrivileges {
		return fmt.Errorf("%w: %d privileges, at most %d", ErrManifest, len(m.Privileges), MaxPrivileges)
	}
	for i, x := range m.Privileges {
		if err := cmp.Or(checkWord("privilege", x.Name, MaxTool), checkWords("reason of a privilege", x.Why, 1, MaxWhy)); err != nil {
			return err
		}
		if i > 0 && m.Privileges[i-1].Name >= x.Name {
			return fmt.Errorf("%w: privileges are not in order, or one stands twice", ErrManifest)
		}
	}
	return nil
}

func (r *Recipe) check() error {
	if err := cmp.Or(checkWord("tool", r.Tool, MaxTool), checkWords("toolchain", r.Toolchain, 0, MaxOption)); err != nil {
		return err
	}
	return checkSettings("the recipe", r.Options, MaxOptions, MaxTool, MaxOption)
}

func checkSettings(of string, list []Setting, most, key, value int) error {
	if len(list) > most {
		return fmt.Errorf("%w: %s: %d settings, at most %d", ErrManifest, of, len(list), most)
	}
	for i, s := range list {
		if err := cmp.Or(checkWord("setting of "+of, s.Key, key), checkWords("value of "+s.Key, s.Value, 0, value)); err != nil {
			return err
		}
		if i > 0 && list[i-1].Key >= s.Key {
			return fmt.Errorf("%w: settings of %s are not in order, or one stands twice", ErrManifest, of)
		}
	}
	return nil
}

// CheckPath accepts the path of a file in a bundle: relative, clean, with
// slashes, of printable ASCII without what shells and terminals take amiss.
func CheckPath(p string) error {
	ok := p != "" && p != "." && len(p) <= MaxEntry && path.Clean(p) == p && p[0] != '/' && p[0] != '-' && p != ".." && !strings.HasPrefix(p, "../")
	for i := range len(p) {
		c := p[i]
		ok = ok && (c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("/._-+@", c) >= 0)
	}
	if !ok {
		return fmt.Errorf("%w: path %q: want at most %d of letters, digits and /._-+@, relative and clean", ErrManifest, clip(p), MaxEntry)
	}
	return nil
}
