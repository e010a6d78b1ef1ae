package pkg

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// FileName is the package file in a directory that becomes a package.
const FileName = "pkg.json"

// Plan is what a package file says. It is JSON; see docs/protocol/packages.md.
type Plan struct {
	Name        string            `json:"name"`
	Version     string            `json:"version"`
	Description string            `json:"description"`
	License     string            `json:"license"`
	Author      string            `json:"author,omitempty"`
	Build       Build             `json:"build"`
	Modules     map[string]string `json:"modules"`          // target: path that the recipe begins with
	Source      []string          `json:"source,omitempty"` // patterns of the files that are the source; none: all
	Closed      bool              `json:"closed,omitempty"` // the source is not given
	Interfaces  map[string]Need   `json:"interfaces,omitempty"`
	Privileges  map[string]Reason `json:"privileges,omitempty"`
	Memory      Amount            `json:"memory,omitempty"`
	Gas         uint64            `json:"gas,omitempty"`
}

// Build is the recipe: a tool and its options.
type Build struct {
	Tool    string            `json:"tool"`
	Options map[string]string `json:"options,omitempty"`
}

// Need is a range of versions, "1" or "1-3", alone or with more.
type Need struct {
	Versions string            `json:"versions"`
	Optional bool              `json:"optional,omitempty"`
	Config   map[string]string `json:"config,omitempty"`
}

// UnmarshalJSON takes a text for the versions alone.
func (n *Need) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &n.Versions)
	}
	type plain Need
	return strict(b, (*plain)(n))
}

// Reason is why a privilege is wanted, alone or with more.
type Reason struct {
	Why      string `json:"why"`
	Optional bool   `json:"optional,omitempty"`
}

// UnmarshalJSON takes a text for the reason alone.
func (r *Reason) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &r.Why)
	}
	type plain Reason
	return strict(b, (*plain)(r))
}

// Amount is a number of bytes, or a text like "16M".
type Amount uint64

// UnmarshalJSON reads both forms; K, M and G are powers of 1024.
func (a *Amount) UnmarshalJSON(b []byte) error {
	text := strings.Trim(string(b), `"`)
	digits := strings.TrimRight(text, "KMG")
	n, err := strconv.ParseUint(digits, 10, 40)
	if err != nil || len(text)-len(digits) > 1 {
		return fmt.Errorf("%w: %s is no number of bytes like \"16M\"", ErrManifest, clip(string(b)))
	}
	if len(text) > len(digits) {
		n <<= 10 * (1 + strings.IndexByte("KMG", text[len(text)-1]))
	}
	*a = Amount(n)
	return nil
}

// ParsePlan reads a package file. A field that it does not know is an error: it
// is a spelling mistake more often than not.
func ParsePlan(b []byte) (*Plan, error) {
	if len(b) > MaxManifest {
		return nil, fmt.Errorf("pkg: %s: %w: %d bytes, at most %d", FileName, ErrManifest, len(b), MaxManifest)
	}
	p := new(Plan)
	if err := strict(b, p); err != nil {
		return nil, fmt.Errorf("pkg: %s: %w: %w", FileName, ErrManifest, err)
	}
	if p.Closed && len(p.Source) > 0 {
		return nil, fmt.Errorf("pkg: %s: %w: closed, and names its source", FileName, ErrManifest)
	}
	if len(p.Modules) == 0 {
		return nil, fmt.Errorf("pkg: %s: %w: no module", FileName, ErrManifest)
	}
	if _, err := p.Manifest(); err != nil {
		return nil, fmt.Errorf("pkg: %s: %w", FileName, err)
	}
	return p, nil
}

func strict(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("something follows the end")
	}
	return nil
}

// Manifest makes the part of a manifest that the plan says: without keys,
// source, toolchain and the contents of the modules.
func (p *Plan) Manifest() (*Manifest, error) {
	v, err := ParseVersion(p.Version)
	if err != nil {
		return nil, err
	}
	m := &Manifest{Name: p.Name, Version: v, Description: p.Description, License: p.License, Author: p.Author,
		Recipe: Recipe{Tool: p.Build.Tool, Options: settings(p.Build.Options)}, Memory: uint64(p.Memory), Gas: p.Gas}
	for name, entry := range p.Modules { //lint:sorted below
		t, err := ParseTarget(name)
		if err != nil {
			return nil, err
		}
		if err := CheckPath(entry); err != nil {
			return nil, err
		}
		m.Modules = append(m.Modules, Module{Target: t, Entry: entry})
	}
	slices.SortFunc(m.Modules, func(a, b Module) int { return int(a.Target) - int(b.Target) })
	for _, name := range slices.Sorted(maps.Keys(p.Interfaces)) {
		n := p.Interfaces[name]
		x := Interface{Name: name, Optional: n.Optional, Config: settings(n.Config)}
		if x.From, x.To, err = parseRange(n.Versions); err != nil {
			return nil, fmt.Errorf("%w: interface %s: %w", ErrManifest, name, err)
		}
		m.Interfaces = append(m.Interfaces, x)
	}
	for _, name := range slices.Sorted(maps.Keys(p.Privileges)) {
		r := p.Privileges[name]
		m.Privileges = append(m.Privileges, Privilege{Name: name, Why: r.Why, Optional: r.Optional})
	}
	for _, check := range []error{CheckName(m.Name), m.Recipe.check(), m.checkInterfaces(), m.checkPrivileges()} {
		if check != nil {
			return nil, check
		}
	}
	return m, nil
}

func settings(of map[string]string) (out []Setting) {
	for _, k := range slices.Sorted(maps.Keys(of)) {
		out = append(out, Setting{k, of[k]})
	}
	return out
}

// parseRange reads "1" and "1-3".
func parseRange(s string) (from, to uint16, err error) {
	a, b, ok := strings.Cut(s, "-")
	if !ok {
		b = a
	}
	x, err := strconv.ParseUint(a, 10, 16)
	if err != nil {
		return 0, 0, fmt.Errorf("versions %q: want N or N-M", clip(s))
	}
	y, err := strconv.ParseUint(b, 10, 16)
	if err != nil || y < x {
		return 0, 0, fmt.Errorf("versions %q: want N or N-M", clip(s))
	}
	return uint16(x), uint16(y), nil
}
