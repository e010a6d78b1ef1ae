package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/internal/durable"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/packages"
	"github.com/metatopia/metatopia/scripting"
	"github.com/metatopia/metatopia/scripting/guest"
	"github.com/metatopia/metatopia/scripting/pkg"
	"github.com/metatopia/metatopia/scripting/script"
)

const (
	packagesFile = "packages.json"
	// maxPackage bounds the content of a package in bytes: four modules, the
	// source and the manifest.
	maxPackage = 4*maxModule + pkg.MaxBundle + pkg.MaxManifest
	// packageWait bounds fetching one package, for which a person waits.
	packageWait = 90 * time.Second
)

func (n *Node) openPackages() (err error) {
	for _, g := range n.cfg.Grants {
		if _, err := pkg.ParseGrant(g); err != nil {
			return fmt.Errorf("node: config: grant: %w", err)
		}
	}
	n.packages, err = packages.Open(packages.Config{
		Dir:   n.home.path("authors"),
		Load:  func(v any) (bool, error) { return n.home.loadJSON(packagesFile, v) },
		Save:  func(v any) error { return n.home.saveJSON(packagesFile, v) },
		Write: func(file string, b []byte) error { return durable.WriteFile(file, b) },
	})
	if err != nil {
		return fmt.Errorf("node: %w", err)
	}
	n.net.Handle(protoPackages, n.servePackages)
	return nil
}

// packageError gives the code and the hint that a person can act on.
func packageError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pkg.ErrConflict):
		return control.Errorf(control.Conflict, "give it another version; see `metatopia pkg versions`", "%w", err)
	case errors.Is(err, packages.ErrAmbiguous):
		return control.Errorf(control.Conflict, "write AUTHOR/NAME, or a CID", "%w", err)
	case errors.Is(err, packages.ErrNone):
		return control.Errorf(control.NotFound, "`metatopia pkg list` shows what is installed", "%w", err)
	case errors.Is(err, packages.ErrFull):
		return control.Errorf(control.TooLarge, "remove those that you do not need: see `metatopia pkg list --all`", "%w", err)
	case errors.Is(err, pkg.ErrForged):
		return control.Errorf(control.Corrupt, "", "%w", err)
	case errors.Is(err, pkg.ErrManifest), errors.Is(err, pkg.ErrBundle):
		return control.Errorf(control.Invalid, "docs/protocol/packages.md says what a package is", "%w", err)
	}
	return scriptError(err)
}

func parsePackage(s string) (pkg.Reference, error) {
	r, err := pkg.ParseReference(s)
	return r, packageError(err)
}

// readPackage fetches the manifest of a package and holds the content's parts
// to it; the parts themselves stay where they are.
func (n *Node) readPackage(ctx context.Context, root lumps.Ref) (*pkg.Manifest, error) {
	if !root.IsNode() {
		return nil, fmt.Errorf("%w: %s is no package", pkg.ErrManifest, root)
	}
	in, info, err := n.lumps.Open(ctx, root)
	if err != nil {
		return nil, err
	}
	in.Close()
	parts, err := n.lumps.Parts(ctx, root)
	if err != nil {
		return nil, err
	}
	if len(parts) < 2 || info.Size > maxPackage || parts[0].Size > pkg.MaxManifest {
		return nil, fmt.Errorf("%w: %s is no package", pkg.ErrManifest, root)
	}
	b, _, err := n.lumps.Bytes(ctx, parts[0].Ref, pkg.MaxManifest)
	if err != nil {
		return nil, err
	}
	m, err := pkg.Parse(b)
	if err != nil {
		return nil, err
	}
	want := m.Parts()
	if len(parts) != 1+len(want) {
		return nil, fmt.Errorf("%w: %s has other parts than its manifest says", pkg.ErrManifest, m.ID())
	}
	sizes := map[lumps.Ref]int64{m.Source: m.SourceSize}
	for _, x := range m.Modules {
		sizes[x.Ref] = x.Size
	}
	for i, r := range want {
		if p := parts[1+i]; p.Ref != r || p.Size != sizes[r] {
			return nil, fmt.Errorf("%w: %s has other parts than its manifest says", pkg.ErrManifest, m.ID())
		}
	}
	return m, nil
}

// joinPackage makes the content of a package whose parts are here.
func (n *Node) joinPackage(ctx context.Context, m *pkg.Manifest) (lumps.Ref, error) {
	st, err := n.lumps.AddQuiet(ctx, &chunkReader{next: once(m.Encode())})
	if err != nil {
		return lumps.Ref{}, err
	}
	root, err := n.lumps.Join(ctx, append([]lumps.Ref{st.Ref}, m.Parts()...))
	return root.Ref, err
}

// vetPackage admits the modules of a package whose parts are here, and holds
// them to what the manifest says: which interfaces and privileges they need.
func (n *Node) vetPackage(ctx context.Context, m *pkg.Manifest) error {
	if lacks := m.Lacks(scripting.Offered()); len(lacks) > 0 {
		return control.Errorf(control.Unavailable, "a newer version of metatopia may have it", "%s needs %s, which this node does not offer", m.ID(), lacks[0])
	}
	if m.Memory > maxMemory {
		return control.Errorf(control.TooLarge, "", "%s asks for %d bytes of memory, a process has at most %d", m.ID(), m.Memory, maxMemory)
	}
	for _, x := range m.Modules {
		if x.Target == pkg.Browser {
			continue // it never runs here
		}
		wasm, _, err := n.lumps.Bytes(ctx, x.Ref, maxModule)
		if err != nil {
			return lumpError(err)
		}
		if name, ok := luaDrivers[x.Target]; ok && script.Is(wasm) {
			if err := n.vetScript(ctx, wasm, name); err != nil {
				return scriptTextError(fmt.Errorf("%s: %w", m.ID(), err))
			}
			continue
		}
		mod, err := n.engine.Admit(wasm)
		if err != nil {
			return scriptError(fmt.Errorf("%s, %v module: %w", m.ID(), x.Target, err))
		}
		if err := m.Covers(mod.Interfaces()); err != nil {
			return packageError(err)
		}
		usable := map[pkg.Target]func() error{pkg.Sim: mod.IsHandler, pkg.Process: mod.IsProcess, pkg.Loader: mod.IsLoader}
		if err := usable[x.Target](); err != nil {
			return scriptError(fmt.Errorf("%s, %v module: %w", m.ID(), x.Target, err))
		}
		if x.Target != pkg.Process {
			continue
		}
		for _, im := range mod.Interfaces() {
			if p := pkg.NeededBy(im); p != "" && !m.Asks(p) {
				return packageError(fmt.Errorf("%w: the process module imports %s and the manifest does not ask for the privilege %q", pkg.ErrManifest, im, p))
			}
		}
	}
	if m.Source.IsZero() {
		return nil
	}
	b, _, err := n.lumps.Bytes(ctx, m.Source, pkg.MaxBundle)
	if err != nil {
		return lumpError(err)
	}
	_, err = pkg.ReadBundle(b)
	return packageError(err)
}

// vetScript lets the driver of a script read it. What a script calls shows when
// it runs: each call is held to the grants then.
func (n *Node) vetScript(ctx context.Context, b []byte, driver string) error {
	s, err := script.Parse(b)
	if err != nil {
		return err
	}
	// The program's own driver need not be fetched.
	if _, err := n.shippedModule(ctx, driver); err != nil && !errors.Is(err, guest.ErrNotBuilt) {
		return err
	}
	_, err = n.modules.prepare(ctx, s)
	return err
}

// published is the release by which a package is out, or nil. ErrConflict when
// its version is out as something else.
func (n *Node) published(m *pkg.Manifest, root lumps.Ref) (*pkg.Release, error) {
	h := n.packages.History(m.Publisher())
	r := h.Find(m.Name, m.Version)
	switch {
	case r == nil:
		return nil, nil
	case r.Package != root:
		return r, fmt.Errorf("%s: %w: release %d of %s is %s, not %s", m.ID(), pkg.ErrConflict, r.Seq, h.Author.Short(), r.Package, root)
	case !h.Certain(r):
		return r, fmt.Errorf("%s: %w: nothing of %s is certain from release %d on", m.ID(), pkg.ErrConflict, h.Author.Short(), h.Against.Seq())
	}
	return r, nil
}

// packageOf describes a package for clients.
func (n *Node) packageOf(root lumps.Ref, m *pkg.Manifest) *control.Package {
	p := &control.Package{
		CID: root.String(), Name: m.Name, Version: m.Version.String(), Description: m.Description, License: m.License, Author: m.Author,
		Source: m.Source.String(), SourceSize: m.SourceSize, Tool: m.Recipe.Tool, Toolchain: m.Recipe.Toolchain, Options: settingsOf(m.Recipe.Options),
		Memory: m.Memory, Gas: m.Gas,
	}
	for _, k := range m.Keys {
		p.Keys = append(p.Keys, k.String())
	}
	for _, x := range m.Modules {
		p.Modules = append(p.Modules, control.PackageModule{Target: x.Target.String(), CID: x.Ref.String(), Size: x.Size, Entry: x.Entry})
	}
	for _, x := range m.Interfaces {
		p.Interfaces = append(p.Interfaces, control.PackageInterface{Name: x.Name, From: x.From, To: x.To, Optional: x.Optional, Config: settingsOf(x.Config)})
	}
	e, _ := n.packages.Get(root)
	p.Installed, p.Made = e.Installed, e.Made
	granted := map[string]bool{}
	for _, g := range e.Grants {
		p.Grants = append(p.Grants, g.String())
		granted[g.Name] = true
	}
	for _, x := range m.Privileges {
		p.Privileges = append(p.Privileges, control.PackagePrivilege{Name: x.Name, Why: x.Why, Optional: x.Optional, Granted: granted[x.Name]})
	}
	if r, err := n.published(m, root); r != nil {
		p.Doubtful = err != nil
		if r.Package == root {
			p.Release, p.Published = r.Seq, r.When().Format(time.RFC3339)
		}
	}
	return p
}

func settingsOf(list []pkg.Setting) map[string]string {
	if len(list) == 0 {
		return nil
	}
	out := map[string]string{}
	for _, s := range list {
		out[s.Key] = s.Value
	}
	return out
}

// meet makes an author's releases findable here: those who look for them ask
// the nodes that announce this content.
func (n *Node) meet(ctx context.Context, author base.Key) {
	if _, err := n.lumps.Add(ctx, &chunkReader{next: once(pkg.Rendezvous(author))}, true); err != nil {
		n.log.Warn("releases not announced", "author", author.Short(), "err", err)
	}
}

// part undoes meet when nothing of the author is left here.
func (n *Node) part(ctx context.Context, author base.Key) {
	if n.packages.Uses(author) || author == n.key {
		return
	}
	if err := n.lumps.Unpin(ctx, lumps.Of(pkg.Rendezvous(author))); err != nil {
		n.log.Warn("rendezvous not unpinned", "author", author.Short(), "err", err)
	}
}

// notPackaged refuses what a package here is made of.
func (n *Node) notPackaged(ref lumps.Ref) error {
	for _, e := range n.packages.List() {
		if e.Root == ref || slices.Contains(e.Manifest.Parts(), ref) {
			return control.Errorf(control.Conflict, "`metatopia pkg remove "+e.Root.String()+"` lets it go", "the package %s is made of it", e.Manifest.ID())
		}
	}
	return nil
}

// PkgList lists packages.
func (b *backend) PkgList(_ context.Context, req *control.PkgListRequest) (*control.PkgListResponse, error) {
	out := &control.PkgListResponse{}
	for _, e := range b.packages.List() {
		if e.Installed || req.All {
			out.Packages = append(out.Packages, *b.packageOf(e.Root, e.Manifest))
		}
	}
	return out, nil
}

// PkgShow describes a package, here or elsewhere.
func (b *backend) PkgShow(ctx context.Context, req *control.PkgRequest) (*control.Package, error) {
	ctx, cancel := context.WithTimeout(ctx, packageWait)
	defer cancel()
	root, m, err := b.locate(ctx, req.Ref)
	if err != nil {
		return nil, packageError(err)
	}
	return b.packageOf(root, m), nil
}

// locate finds what a reference means: what is remembered here, else what is
// published.
func (n *Node) locate(ctx context.Context, text string) (lumps.Ref, *pkg.Manifest, error) {
	r, err := parsePackage(text)
	if err != nil {
		return lumps.Ref{}, nil, err
	}
	if e, err := n.packages.Find(r); err == nil {
		return e.Root, e.Manifest, nil
	}
	return n.lookUp(ctx, r)
}
