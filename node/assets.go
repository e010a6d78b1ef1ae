package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/metatopia/metatopia/assets"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/scripting"
	"github.com/metatopia/metatopia/scripting/guest"
)

// objWords begin the lines of Wavefront OBJ and MTL files.
var objWords = []string{
	"v", "vt", "vn", "vp", "f", "l", "p", "o", "g", "s", "mg", "usemtl", "mtllib", "newmtl", "lod", "shadow_obj", "trace_obj",
	"Ka", "Kd", "Ks", "Ke", "Ns", "Ni", "Tf", "Tr", "d", "illum", "sharpness", "Pr", "Pm", "Ps", "Pc", "Pcr", "aniso", "anisor",
	"map_Ka", "map_Kd", "map_Ks", "map_Ke", "map_Ns", "map_d", "map_Pr", "map_Pm", "map_Bump", "map_bump", "bump", "disp", "decal", "refl", "norm",
	"cstype", "deg", "surf", "curv", "curv2", "parm", "end", "con", "bevel", "c_interp", "d_interp",
}

// shippedLoaders are the formats that shipped guests read.
var shippedLoaders = []struct {
	guest  string
	format assets.Foreign
}{
	{"obj", assets.Foreign{Name: "obj", Class: assets.ClassMesh, Words: objWords}},
}

// loaders runs loader guests and checks modules for the library.
type loaders struct {
	n       *Node
	shipped map[lumps.Ref][]byte // guests of this binary: they need not be fetched
}

func (n *Node) openAssets() error {
	run := loaders{n: n, shipped: map[lumps.Ref][]byte{}}
	var formats []assets.Foreign
	for _, text := range n.cfg.Loaders {
		f, err := assets.ParseForeign(text)
		if err != nil {
			return fmt.Errorf("node: %w", err)
		}
		formats = append(formats, f)
	}
	for _, s := range shippedLoaders {
		if n.cfg.Guests == nil {
			break
		}
		wasm, _, _, err := guest.OpenFS(n.cfg.Guests, s.guest)
		if errors.Is(err, guest.ErrNotBuilt) || errors.Is(err, fs.ErrNotExist) {
			continue // doctor tells
		}
		if err != nil {
			return fmt.Errorf("node: %w", err)
		}
		s.format.Loader = lumps.Of(wasm)
		run.shipped[s.format.Loader] = wasm
		formats = append(formats, s.format)
	}
	var err error
	n.assets, err = assets.New(assets.Config{Lumps: n.lumps, Modules: run, Guests: run, Foreign: formats, OnEvent: n.assetEvent})
	if err != nil {
		return fmt.Errorf("node: %w", err)
	}
	return nil
}

func (n *Node) assetEvent(name string) { n.count.add("assets_"+name, 1) }

// CheckModule implements assets.Modules. The module is not kept beyond what
// the engine itself remembers.
func (l loaders) CheckModule(_ context.Context, wasm []byte) (*assets.Module, error) {
	mod, err := l.n.engine.Admit(wasm)
	if errors.Is(err, scripting.ErrRefused) {
		return nil, fmt.Errorf("%w: %w", assets.ErrRefused, err)
	}
	if err != nil {
		return nil, err
	}
	m := &assets.Module{Interfaces: mod.Interfaces()}
	for _, use := range []struct {
		name string
		err  error
	}{{"handler", mod.IsHandler()}, {"process", mod.IsProcess()}, {"loader", mod.IsLoader()}} {
		if use.err == nil {
			m.Uses = append(m.Uses, use.name)
		}
	}
	return m, nil
}

// RunLoader implements assets.Guests.
func (l loaders) RunLoader(ctx context.Context, ref lumps.Ref, as assets.Class, b []byte) ([]byte, uint64, error) {
	mod, err := l.module(ctx, ref)
	if err != nil {
		if errors.Is(err, scripting.ErrRefused) {
			return nil, 0, fmt.Errorf("%w: %w", assets.ErrGuest, err)
		}
		return nil, 0, fmt.Errorf("%w: %w", assets.ErrNoLoader, err)
	}
	out, err := l.n.engine.Load(ctx, mod, scripting.LoadSpec{
		Input: b, Class: uint8(as), Gas: assets.GuestGas, Memory: assets.GuestMemory, Output: assets.GuestOutput,
	})
	if errors.Is(err, scripting.ErrKilled) {
		return nil, out.Gas, context.Cause(ctx)
	}
	for _, line := range out.Log {
		l.n.log.Debug("loader says", "loader", ref.Short(), "text", line)
	}
	if err != nil {
		err = fmt.Errorf("%w: %w", assets.ErrGuest, err)
	}
	return out.Output, out.Gas, err
}

func (l loaders) module(ctx context.Context, ref lumps.Ref) (*scripting.Module, error) {
	if wasm, ok := l.shipped[ref]; ok {
		return l.n.modules.admit(ref, wasm)
	}
	return l.n.modules.load(ctx, ref)
}

// assetError gives the code and the hint that a person can act on.
func assetError(err error) error {
	is := func(list ...error) bool {
		for _, e := range list {
			if errors.Is(err, e) {
				return true
			}
		}
		return false
	}
	switch {
	case err == nil:
		return nil
	case is(assets.ErrNoLoader):
		return control.Errorf(control.Unavailable, "`metatopia asset formats` lists the loaders; is a node that has the module connected?", "%w", err)
	case is(assets.ErrFormat):
		return control.Errorf(control.Invalid, "`metatopia asset formats` lists what this node reads; --loader adds to it", "%w", err)
	case is(assets.ErrTooLarge):
		return control.Errorf(control.TooLarge, "docs/protocol/assets.md has the limits", "%w", err)
	case is(assets.ErrClass, assets.ErrMalformed, assets.ErrRefused, assets.ErrPanic, assets.ErrGuest):
		return control.Errorf(control.Invalid, "", "%w", err)
	case is(assets.ErrTimeout):
		return control.Errorf(control.Timeout, "", "%w", err)
	case is(assets.ErrBusy, assets.ErrClosed):
		return control.Errorf(control.Unavailable, "try again later", "%w", err)
	}
	return lumpError(err)
}
