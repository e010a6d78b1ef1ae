package node

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/scripting"
	"github.com/metatopia/metatopia/scripting/guest"
	"github.com/metatopia/metatopia/scripting/script"
)

// warmGas is what making a script ready may take: its text is compiled and its
// main part run. A script of 64 KiB takes a tenth of it.
const warmGas = 200_000_000

// readyScript is a script as its driver left it when it had read it.
type readyScript struct {
	image   *scripting.Image
	modules []lumps.Ref // that it names
}

// isScript fetches the first bytes of a content and tells a script from a
// module.
func (m *modules) isScript(ctx context.Context, ref lumps.Ref) (bool, error) {
	m.mu.Lock()
	mod, ready := m.m[ref], m.scripts[ref]
	m.mu.Unlock()
	if mod != nil || ready != nil {
		return ready != nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, moduleWait)
	defer cancel()
	b, _, err := m.n.lumps.Bytes(ctx, ref, maxModule)
	if err != nil {
		return false, fmt.Errorf("node: script %s: %w", ref.Short(), err)
	}
	return script.Is(b), nil
}

// script gives a script that is ready to run: it fetches it and its driver
// unless it has been asked for it before.
func (m *modules) script(ctx context.Context, ref lumps.Ref) (*readyScript, error) {
	m.mu.Lock()
	ready := m.scripts[ref]
	m.mu.Unlock()
	if ready != nil {
		return ready, nil
	}
	ctx, cancel := context.WithTimeout(ctx, moduleWait)
	defer cancel()
	b, _, err := m.n.lumps.Bytes(ctx, ref, script.MaxBytes)
	if err != nil {
		return nil, fmt.Errorf("node: script %s: %w", ref.Short(), err)
	}
	s, err := script.Parse(b)
	if err != nil {
		return nil, fmt.Errorf("node: script %s: %w", ref.Short(), err)
	}
	if ready, err = m.prepare(ctx, s); err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if old := m.scripts[ref]; old != nil {
		return old, nil
	}
	m.scripts[ref] = ready
	return ready, nil
}

// loadScript makes a thing's script ready and keeps it and what it names.
func (m *modules) loadScript(ctx context.Context, ref lumps.Ref) error {
	ready, err := m.script(ctx, ref)
	if err != nil {
		return err
	}
	if err := ready.image.Module().IsHandler(); err != nil {
		return err
	}
	for _, r := range append(slices.Clone(ready.modules), ref) {
		if _, err := m.n.lumps.Pin(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

// prepare runs a script's driver until it has read the script. An error of the
// script itself is in its own words: file, line, what.
func (m *modules) prepare(ctx context.Context, s *script.Script) (*readyScript, error) {
	ready := &readyScript{}
	for _, cid := range s.Modules() {
		ref, err := lumps.Parse(cid)
		if err != nil {
			return nil, fmt.Errorf("node: script %s: %w", s.Name, err)
		}
		ready.modules = append(ready.modules, ref)
	}
	driver, err := lumps.Parse(s.Driver)
	if err != nil {
		return nil, fmt.Errorf("node: script %s: %w", s.Name, err)
	}
	mod, err := m.load(ctx, driver)
	if err != nil {
		return nil, err
	}
	if !mod.IsDriver() {
		return nil, fmt.Errorf("node: script %s: %s runs no scripts", s.Name, driver.Short())
	}
	var libs []scripting.Library
	for _, u := range s.Uses {
		l, err := m.library(ctx, u, s.Driver)
		if err != nil {
			return nil, err
		}
		libs = append(libs, l)
	}
	if mod.IsHandler() == nil {
		ready.image, err = m.n.engine.Image(mod, s.Input(), warmGas, libs...)
	} else {
		ready.image, err = m.n.engine.ProcessImage(mod, s.Input(), warmGas, libs...)
	}
	return ready, err
}

// library fetches what a script is bound to: a module, or another script for
// the same driver, of which the text counts.
func (m *modules) library(ctx context.Context, u script.Use, driver string) (l scripting.Library, err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("node: library %s: %w", u.Name, err)
		}
	}()
	ref, err := lumps.Parse(u.Module)
	if err != nil {
		return l, err
	}
	is, err := m.isScript(ctx, ref)
	if err != nil {
		return l, err
	}
	l.Name = u.Name
	if !is {
		if l.Module, err = m.load(ctx, ref); err == nil {
			err = l.Module.IsLibrary()
		}
		return l, err
	}
	b, _, err := m.n.lumps.Bytes(ctx, ref, script.MaxBytes)
	if err != nil {
		return l, err
	}
	s, err := script.Parse(b)
	switch {
	case err != nil:
		return l, err
	case s.Driver != driver:
		return l, fmt.Errorf("%w: it is for another driver", scripting.ErrNotUsable)
	case len(s.Uses) > 0:
		return l, fmt.Errorf("%w: a library has no libraries of its own", scripting.ErrNotUsable)
	}
	l.Text = append([]byte{}, s.Text...)
	return l, nil
}

// withModules adds what the scripts among some contents name: their drivers.
func (m *modules) withModules(refs []lumps.Ref) []lumps.Ref {
	m.mu.Lock()
	for _, r := range refs {
		if s := m.scripts[r]; s != nil {
			refs = append(refs, s.modules...)
		}
	}
	m.mu.Unlock()
	slices.SortFunc(refs, lumps.Ref.Compare)
	return slices.Compact(refs)
}

// drivers by the ending of a script's file: the shipped guests, for things and
// for processes, and the name of the language.
var drivers = map[string]struct{ thing, process, language string }{".lua": {guest.Lua, guest.LuaProcess, "Lua"}}

// ScriptAdd checks and stores a script, and gives it to a thing.
func (b *backend) ScriptAdd(ctx context.Context, req *control.ScriptAddRequest) (*control.ScriptAddResponse, error) {
	by, ok := drivers[path.Ext(req.Name)]
	if !ok {
		return nil, control.Errorf(control.Invalid, "scripts are Lua files, NAME.lua", "script %s: no language for it", req.Name)
	}
	driver := by.thing
	if req.Process {
		driver = by.process
	}
	ref, err := b.shippedModule(ctx, driver)
	if err != nil {
		return nil, err
	}
	s := &script.Script{Name: req.Name, Language: by.language, Driver: ref.String(), Text: []byte(req.Text)}
	for _, u := range req.Uses {
		s.Uses = append(s.Uses, script.Use{Name: u.Name, Module: u.CID})
	}
	slices.SortFunc(s.Uses, func(a, b script.Use) int { return strings.Compare(a.Name, b.Name) })
	bytes, err := s.Encode()
	if err != nil {
		return nil, control.Errorf(control.Invalid, "", "%w", err)
	}
	ready, err := b.modules.prepare(ctx, s)
	if err != nil { // what fails is not stored
		return nil, scriptTextError(err)
	}
	out := &control.ScriptAddResponse{Driver: ref.String(), Gas: ready.image.Gas}
	for _, c := range []struct {
		cid     *string
		content []byte
	}{{&out.CID, bytes}, {&out.Source, s.Text}} {
		st, err := b.lumps.Add(ctx, &chunkReader{next: once(c.content)}, true)
		if err != nil {
			return nil, lumpError(err)
		}
		*c.cid = st.Ref.String()
	}
	if req.Thing == "" {
		return out, nil
	}
	return out, b.giveScript(ctx, req, by.language, out)
}

func scriptTextError(err error) error {
	if errors.Is(err, scripting.ErrRaised) {
		return control.Errorf(control.Invalid, "docs/lua.md says what a script can do", "%s", strings.TrimPrefix(err.Error(), "scripting: image: "))
	}
	return scriptError(err)
}

// shippedModule stores a shipped guest as a lump and gives its name.
func (n *Node) shippedModule(ctx context.Context, name string) (lumps.Ref, error) {
	if n.cfg.Guests == nil {
		return lumps.Ref{}, guest.ErrNotBuilt
	}
	wasm, _, _, err := guest.OpenFS(n.cfg.Guests, name)
	if err != nil {
		return lumps.Ref{}, err
	}
	st, err := n.lumps.Add(ctx, &chunkReader{next: once(wasm)}, true)
	if err != nil {
		return lumps.Ref{}, lumpError(err)
	}
	return st.Ref, nil
}

// giveScript makes the script a thing's, while what it has goes on.
func (b *backend) giveScript(ctx context.Context, req *control.ScriptAddRequest, language string, out *control.ScriptAddResponse) error {
	w, err := b.inWorld()
	if err != nil {
		return err
	}
	id, err := w.thingNamed(ctx, req.Thing)
	if err != nil {
		return err
	}
	slots := []region.SlotWrite{
		{Name: region.SlotSource, Value: region.LumpSlot(out.Source)},
		{Name: region.SlotLanguage, Value: region.TextSlot(language)},
		{Name: region.SlotScript, Value: region.LumpSlot(out.CID)},
	}
	if req.License != "" {
		slots = append(slots, region.SlotWrite{Name: region.SlotLicense, Value: region.TextSlot(req.License)})
	}
	if req.Author != "" {
		slots = append(slots, region.SlotWrite{Name: region.SlotAuthor, Value: region.TextSlot(req.Author)})
	}
	done, err := b.rescript(ctx, w, id, slots)
	if err != nil {
		return err
	}
	out.Thing, out.Region, out.Tick = id.String(), done.Region, done.Tick
	return nil
}
