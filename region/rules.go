package region

import (
	"errors"
	"strings"

	"github.com/metatopia/metatopia/internal/spdx"
)

// Rules are what a region holds the scripts of things to. They are part of the
// state: every server of the region, and every replay, applies the same.
type Rules uint8

const (
	// RuleCopyleft: a script runs only when its thing says where its source is
	// (slot "source"), under a licence that leaves everybody free (slot
	// "license"; the table of internal/spdx), and the region's server has that
	// source.
	RuleCopyleft Rules = 1

	rulesKnown = RuleCopyleft
)

// SourcePrefix begins what Output.Want and Wanted name when the source of a
// script is wanted, and not a module: a content that must be here and be text
// or a bundle. Its readiness is logged as that of a module is.
const SourcePrefix = "source:"

// Rules are those in force.
func (s *Sim) Rules() Rules { return s.rules }

// setRules puts rules in force and asks for what they need of the things that
// are here.
func (s *Sim) setRules(r Rules) bool {
	if r&^rulesKnown != 0 {
		return false
	}
	s.rules = r
	for _, t := range s.things {
		s.want(t)
	}
	return true
}

// closed says why the rules keep a thing's script from running, by its slots
// alone; "" when they do not.
func (s *Sim) closed(t *Thing) string {
	script := t.Script()
	if s.rules&RuleCopyleft == 0 || script == "" {
		return ""
	}
	// Not the module itself: nobody reads that.
	if src := t.source(); src == "" || src == script {
		return "this region runs no script without its source (slot source)"
	}
	if v, ok := t.Slots.Get(SlotLicense); !ok || v.Type != SlotText || !spdx.Free(v.Text) {
		return "this region runs no script without a free licence (slot license, an SPDX expression)"
	}
	return ""
}

// source is the CID of the source of the thing's script, or "".
func (t *Thing) source() string {
	v, ok := t.Slots.Get(SlotSource)
	if !ok || v.Type != SlotLump || len(SourcePrefix)+len(v.Lump) > MaxLumpName {
		return ""
	}
	return v.Lump
}

// needs are the entries of the module table that must be ready before the
// thing's script runs; none when there is no script or the rules refuse it.
func (s *Sim) needs(t *Thing) []string {
	name := t.Script()
	if name == "" || s.closed(t) != "" {
		return nil
	}
	if s.rules&RuleCopyleft != 0 {
		return []string{name, SourcePrefix + t.source()}
	}
	return []string{name}
}

// wants are the entries that a thing needs now or for the change that waits.
func (s *Sim) wants(t *Thing) []string {
	names := s.needs(t)
	if c := t.held(SlotNext); c != nil {
		if n, err := t.with(c); err == nil {
			names = append(names, s.needs(n)...)
		}
	}
	return names
}

// errLoading: the driver has not answered yet.
var errLoading = errors.New("not loaded yet")

// refused says why a thing's script does not run in this tick; "" when it does.
func (s *Sim) refused(t *Thing) string {
	if why := s.closed(t); why != "" {
		return why
	}
	for _, name := range s.needs(t) {
		if err := s.usable(name); err == errLoading {
			return entryName(name) + " is not loaded yet"
		} else if err != nil {
			return err.Error()
		}
	}
	return ""
}

// loaded is nil when a thing's script could run, errLoading while the driver
// is about it.
func (s *Sim) loaded(t *Thing) error {
	if s.cfg.Scripts == nil {
		return errors.New("no script engine")
	}
	if why := s.closed(t); why != "" {
		return errors.New(why)
	}
	var err error
	for _, name := range s.needs(t) {
		if e := s.usable(name); e != nil && (err == nil || err == errLoading) {
			err = e
		}
	}
	return err
}

// usable tells of an entry of the module table.
func (s *Sim) usable(name string) error {
	switch i, ok := s.moduleIndex(name); {
	case !ok || !s.modules[i].Ready && s.modules[i].Err == "":
		return errLoading
	case !s.modules[i].Ready:
		return errors.New(entryName(name) + " cannot be loaded: " + s.modules[i].Err)
	}
	return nil
}

func entryName(name string) string {
	if strings.HasPrefix(name, SourcePrefix) {
		return "source of the script"
	}
	return "script"
}

// forbids tells whether the rules refuse a player's write: one that brings a
// script which may not run, or takes from a running one what it needs. What
// makes a thing no worse is taken, so that a script may be set right slot by
// slot.
func (s *Sim) forbids(before, after *Thing, slot string) bool {
	return s.closed(after) != "" && (slot == SlotScript || s.closed(before) == "")
}
