package node

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/packages"
	"github.com/metatopia/metatopia/scripting/guest"
	"github.com/metatopia/metatopia/scripting/pkg"
	"github.com/metatopia/metatopia/scripting/pkg/recipe"
	"github.com/metatopia/metatopia/scripting/script"
)

// draft completes a plan's manifest by what was built: contents that are here.
func (n *Node) draft(ctx context.Context, p *pkg.Plan, source lumps.Ref, toolchain string, modules map[pkg.Target]lumps.Ref, keys []base.Key) (*pkg.Manifest, error) {
	m, err := p.Manifest()
	if err != nil {
		return nil, err
	}
	m.Keys, m.Recipe.Toolchain = keys, toolchain
	if p.Closed != source.IsZero() {
		return nil, fmt.Errorf("%w: a package has its source, or says that it is closed", pkg.ErrManifest)
	}
	if !source.IsZero() {
		st, err := n.lumps.Stat(ctx, source)
		if err != nil {
			return nil, err
		}
		m.Source, m.SourceSize = source, st.Size
	}
	for i := range m.Modules {
		x := &m.Modules[i]
		ref, ok := modules[x.Target]
		if !ok {
			return nil, fmt.Errorf("%w: the %v module was not built", pkg.ErrManifest, x.Target)
		}
		wasm, _, err := n.lumps.Bytes(ctx, ref, maxModule)
		if err != nil {
			return nil, err
		}
		x.Ref, x.Size = ref, int64(len(wasm))
		if p.Build.Tool == "lua" && !script.Is(wasm) {
			if err := n.bindScript(ctx, m, x, wasm); err != nil {
				return nil, err
			}
		}
		if x.Target == pkg.Browser || p.Build.Tool == "lua" {
			continue
		}
		mod, err := n.engine.Admit(wasm)
		if err != nil {
			return nil, err
		}
		m.Require(mod.Interfaces())
	}
	return m, m.Check()
}

// luaDrivers are the shipped guests that run scripts of a target.
var luaDrivers = map[pkg.Target]string{pkg.Sim: guest.Lua, pkg.Process: guest.LuaProcess}

// bindScript makes a script for this node's driver of a Lua text, and says in
// the recipe which driver that is.
func (n *Node) bindScript(ctx context.Context, m *pkg.Manifest, x *pkg.Module, text []byte) error {
	name, ok := luaDrivers[x.Target]
	if !ok {
		return fmt.Errorf("%w: Lua is for things and processes, not for a %v", pkg.ErrManifest, x.Target)
	}
	driver, err := n.shippedModule(ctx, name)
	if err != nil {
		return err
	}
	b, err := recipe.Lua(x.Entry, driver.String(), text)
	if err != nil {
		return fmt.Errorf("%w: %w", pkg.ErrManifest, err)
	}
	st, err := n.lumps.AddQuiet(ctx, bytes.NewReader(b))
	if err != nil {
		return err
	}
	x.Ref, x.Size = st.Ref, st.Size
	// In the order of the names: process comes before sim.
	m.Recipe.Options = slices.Insert(m.Recipe.Options, 0, pkg.Setting{Key: recipe.DriverOption(x.Target), Value: driver.String()})
	return nil
}

// PkgDraft makes the manifest of what was built.
func (b *backend) PkgDraft(ctx context.Context, req *control.PkgDraftRequest) (*control.PkgDraft, error) {
	plan, err := pkg.ParsePlan(req.Plan)
	if err != nil {
		return nil, packageError(err)
	}
	var source lumps.Ref
	if req.Source != "" {
		if source, err = parseRef(req.Source); err != nil {
			return nil, err
		}
	}
	modules := map[pkg.Target]lumps.Ref{}
	for _, x := range req.Modules {
		t, err := pkg.ParseTarget(x.Target)
		if err != nil {
			return nil, packageError(err)
		}
		if modules[t], err = parseRef(x.CID); err != nil {
			return nil, err
		}
	}
	keys := []base.Key{b.key}
	if len(req.Keys) > 0 {
		keys = nil
	}
	for _, s := range req.Keys {
		k, err := base.ParseKey(s)
		if err != nil {
			return nil, control.Errorf(control.Invalid, "", "%w", err)
		}
		keys = append(keys, k)
	}
	m, err := b.draft(ctx, plan, source, req.Toolchain, modules, keys)
	if err != nil {
		return nil, packageError(err)
	}
	out := &control.PkgDraft{Body: m.Body()}
	for _, k := range keys {
		out.Keys = append(out.Keys, k.String())
	}
	return out, nil
}

// PkgSeal makes the package of a manifest; this node signs where its own key
// stands without a signature.
func (b *backend) PkgSeal(ctx context.Context, req *control.PkgSealRequest) (*control.Package, error) {
	m, err := pkg.ParseBody(req.Body)
	if err != nil {
		return nil, packageError(err)
	}
	m.Sigs = make([][64]byte, len(m.Keys))
	for i, k := range m.Keys {
		switch {
		case i < len(req.Sigs) && len(req.Sigs[i]) == ed25519.SignatureSize:
			copy(m.Sigs[i][:], req.Sigs[i])
		case k == b.key:
			m.Sigs[i] = pkg.SignBody(b.priv, req.Body)
		default:
			return nil, control.Errorf(control.Denied, "name the file of that key with --key", "%s: no signature of %s", m.ID(), k.Short())
		}
	}
	if m, err = pkg.Parse(m.Encode()); err != nil {
		return nil, packageError(err)
	}
	root, err := b.seal(ctx, m)
	if err != nil {
		return nil, err
	}
	return b.packageOf(root, m), nil
}

// seal joins, checks and remembers a signed package made here.
func (n *Node) seal(ctx context.Context, m *pkg.Manifest) (lumps.Ref, error) {
	if err := n.vetPackage(ctx, m); err != nil {
		return lumps.Ref{}, err
	}
	root, err := n.joinPackage(ctx, m)
	if err != nil {
		return root, lumpError(err)
	}
	// Versions that were built and never published make room for this one.
	for _, e := range n.packages.List() {
		if e.Made && !e.Installed && e.Root != root && e.Manifest.ID() == m.ID() && e.Manifest.Publisher() == m.Publisher() {
			if r := n.packages.History(m.Publisher()).Find(m.Name, m.Version); r == nil || r.Package != e.Root {
				if err := n.packages.Drop(e.Root); err != nil {
					return root, packageError(err)
				}
				_ = n.lumps.Unpin(ctx, e.Root) // it stays pinned at worst
			}
		}
	}
	if _, err := n.lumps.Pin(ctx, root); err != nil {
		return root, lumpError(err)
	}
	e, _ := n.packages.Get(root)
	e.Root, e.Manifest, e.Made, e.Time = root, m, true, time.Now().UnixMilli()
	return root, packageError(n.packages.Put(e))
}

// PkgPublish adds a package to the releases of its first author.
func (b *backend) PkgPublish(ctx context.Context, req *control.PkgPublishRequest) (*control.Package, error) {
	r, err := parsePackage(req.Ref)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, packageWait)
	defer cancel()
	e, err := b.made(r)
	if err != nil {
		return nil, packageError(err)
	}
	author := e.Manifest.Publisher()
	// What this key has released from elsewhere must come first, or the two
	// would be evidence against it.
	b.refresh(ctx, author)
	b.signing.Lock()
	defer b.signing.Unlock()
	if rel, err := b.published(e.Manifest, e.Root); err != nil {
		return nil, packageError(err)
	} else if rel == nil {
		if rel, err = b.release(e, req.Release); err != nil {
			return nil, err
		}
		if _, err := b.packages.Learn(author, []*pkg.Release{rel}, nil); err != nil {
			return nil, packageError(err)
		}
	}
	b.meet(ctx, author)
	b.lumps.Announce(e.Root)
	for _, p := range e.Manifest.Parts() {
		b.lumps.Announce(p)
	}
	return b.packageOf(e.Root, e.Manifest), nil
}

// made finds a package that was made here.
func (n *Node) made(r pkg.Reference) (packages.Entry, error) {
	for _, e := range n.packages.List() { // newest version first
		m := e.Manifest
		if e.Made && (e.Root == r.Root || r.Root.IsZero() && m.Name == r.Name && r.By(m.Publisher()) && (!r.Exact || m.Version == r.Version)) {
			return e, nil
		}
	}
	return packages.Entry{}, fmt.Errorf("%s was not built here: %w", r, packages.ErrNone)
}

func (n *Node) release(e packages.Entry, signed []byte) (*pkg.Release, error) {
	m := e.Manifest
	if len(signed) > 0 {
		rel, err := pkg.ParseRelease(signed)
		if err == nil && (rel.Author != m.Publisher() || rel.Package != e.Root || rel.Name != m.Name || rel.Version != m.Version) {
			err = fmt.Errorf("%w: the release is of something else", pkg.ErrManifest)
		}
		return rel, packageError(err)
	}
	if m.Publisher() != n.key {
		return nil, control.Errorf(control.Denied, "name the file of that key with --key", "%s is of %s: this node cannot publish it alone", m.ID(), m.Publisher().Short())
	}
	h := n.packages.History(n.key)
	rel, err := h.Next(n.priv, m.Name, m.Version, e.Root, time.Now().UnixMilli())
	return rel, packageError(err)
}

// PkgHistory gives the newest known releases of a key.
func (b *backend) PkgHistory(ctx context.Context, req *control.PkgHistoryRequest) (*control.PkgHistoryResponse, error) {
	k, err := base.ParseKey(req.Author)
	if err != nil {
		return nil, control.Errorf(control.Invalid, "", "author: %w", err)
	}
	b.refresh(ctx, k)
	return &control.PkgHistoryResponse{History: b.packages.History(k).Append(nil)}, nil
}

// shipped makes a package of a guest that the program brings along, under this
// node's key: whoever trusts the program trusts it. A nil manifest: there is
// none of that name.
func (n *Node) shipped(ctx context.Context, r pkg.Reference) (lumps.Ref, *pkg.Manifest, error) {
	if n.cfg.Guests == nil {
		return lumps.Ref{}, nil, nil
	}
	p, err := guest.OpenPackage(n.cfg.Guests, r.Name)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, guest.ErrNotBuilt) {
		return lumps.Ref{}, nil, nil
	}
	if err != nil {
		return lumps.Ref{}, nil, err
	}
	plan, err := pkg.ParsePlan(p.Plan)
	if err != nil || r.Exact && plan.Version != r.Version.String() {
		return lumps.Ref{}, nil, err
	}
	source, err := n.lumps.AddQuiet(ctx, bytes.NewReader(p.Bundle))
	if err != nil {
		return lumps.Ref{}, nil, err
	}
	modules := map[pkg.Target]lumps.Ref{}
	for name := range plan.Modules { //lint:sorted a set
		t, err := pkg.ParseTarget(name)
		if err != nil {
			return lumps.Ref{}, nil, err
		}
		st, err := n.lumps.AddQuiet(ctx, bytes.NewReader(p.Wasm))
		if err != nil {
			return lumps.Ref{}, nil, err
		}
		modules[t] = st.Ref
	}
	m, err := n.draft(ctx, plan, source.Ref, p.Toolchain, modules, []base.Key{n.key})
	if err != nil {
		return lumps.Ref{}, nil, err
	}
	if err := m.Sign(n.priv); err != nil {
		return lumps.Ref{}, nil, err
	}
	root, err := n.joinPackage(ctx, m)
	return root, m, err
}
