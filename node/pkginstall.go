package node

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/packages"
	"github.com/metatopia/metatopia/scripting/pkg"
)

// maxMemory is the most that a package may ask for: what a process can have.
const maxMemory = 64 << 20

// PkgInstall fetches, checks and keeps a package.
func (b *backend) PkgInstall(ctx context.Context, req *control.PkgInstallRequest) (*control.Package, error) {
	r, err := parsePackage(req.Ref)
	if err != nil {
		return nil, err
	}
	grants, err := parseGrants(req.Grants)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, packageWait)
	defer cancel()
	root, m, err := b.find(ctx, r)
	if err != nil {
		return nil, packageError(err)
	}
	if err := b.install(ctx, root, m, grants, req.GrantAsked); err != nil {
		return nil, err
	}
	return b.packageOf(root, m), nil
}

func parseGrants(list []string) (out []pkg.Grant, err error) {
	for _, s := range list {
		g, err := pkg.ParseGrant(s)
		if err != nil {
			return nil, control.Errorf(control.Invalid, "", "%w", err)
		}
		out = append(out, g)
	}
	return out, nil
}

// find is lookUp, but for what this node has itself: packages that were made
// or carried here need nobody else, nor do those of the program.
func (n *Node) find(ctx context.Context, r pkg.Reference) (lumps.Ref, *pkg.Manifest, error) {
	for _, e := range n.packages.List() {
		if e.Root == r.Root || r.Exact && e.Manifest.Name == r.Name && e.Manifest.Version == r.Version && r.By(e.Manifest.Publisher()) {
			if _, err := n.published(e.Manifest, e.Root); err != nil {
				return e.Root, nil, err
			}
			return e.Root, e.Manifest, nil
		}
	}
	if r.Root.IsZero() && r.By(n.key) {
		root, m, err := n.shipped(ctx, r)
		if m != nil || err != nil {
			return root, m, err
		}
	}
	return n.lookUp(ctx, r)
}

// install checks a package whose manifest was read, decides what it gets, and
// keeps it.
func (n *Node) install(ctx context.Context, root lumps.Ref, m *pkg.Manifest, grants []pkg.Grant, asked bool) error {
	if asked || m.Publisher() == n.key { // who wrote it need not be asked
		for _, p := range m.Privileges {
			if g, err := pkg.ParseGrant(p.Name); err == nil {
				grants = append(grants, g)
			}
		}
	}
	for _, s := range n.cfg.Grants {
		if g, err := pkg.ParseGrant(s); err == nil { // checked at the start
			grants = append(grants, g)
		}
	}
	given, missing := m.Decide(grants)
	if len(missing) > 0 {
		return notGranted(m, missing)
	}
	old, _ := n.packages.Get(root)
	if _, err := n.lumps.Pin(ctx, root); err != nil {
		return lumpError(err)
	}
	err := n.vetPackage(ctx, m)
	if err == nil {
		err = packageError(n.packages.Put(packages.Entry{Root: root, Manifest: m, Grants: given, Installed: true, Made: old.Made, Time: time.Now().UnixMilli()}))
	}
	if err != nil {
		if old.Manifest == nil {
			_ = n.lumps.Unpin(context.WithoutCancel(ctx), root) // the first error is the one to tell
		}
		return err
	}
	n.meet(ctx, m.Publisher())
	for _, r := range m.Parts() {
		n.lumps.Announce(r) // regions fetch modules and sources by their own names
	}
	return nil
}

// notGranted says which privileges are missing, why they are wanted, and how
// they are given.
func notGranted(m *pkg.Manifest, missing []pkg.Privilege) error {
	var words, flags []string
	for _, p := range missing {
		words = append(words, fmt.Sprintf("%s (%s)", p.Name, p.Why))
		flag := "--grant " + p.Name
		if _, err := pkg.ParseGrant(p.Name); err != nil {
			flag += "=..."
		}
		known := false
		for _, k := range pkg.Known {
			known = known || k.Name == p.Name
		}
		if !known {
			return control.Errorf(control.Denied, "", "%s: %w: %s asks for %q, which this version does not know", m.ID(), pkg.ErrNotGranted, m.Name, p.Name)
		}
		flags = append(flags, flag)
	}
	return control.Errorf(control.Denied, "if you trust it: metatopia pkg install "+strings.Join(flags, " ")+" "+m.Name, "%s: %w: it asks for %s", m.ID(), pkg.ErrNotGranted, strings.Join(words, ", "))
}

// PkgRemove lets a package go. What runs goes on running.
func (b *backend) PkgRemove(ctx context.Context, req *control.PkgRequest) (*control.Package, error) {
	r, err := parsePackage(req.Ref)
	if err != nil {
		return nil, err
	}
	e, err := b.packages.Find(r)
	if err != nil && !r.Root.IsZero() { // one that was made and not installed
		var ok bool
		if e, ok = b.packages.Get(r.Root); ok {
			err = nil
		}
	}
	if err != nil {
		return nil, packageError(err)
	}
	rel, _ := b.published(e.Manifest, e.Root)
	own := e.Made && rel != nil && e.Manifest.Publisher() == b.key
	switch {
	case own && !e.Installed:
		return nil, control.Errorf(control.Conflict, "", "%s is published; this node keeps it for others", e.Manifest.ID())
	case own:
		e.Installed, e.Grants = false, nil
		err = b.packages.Put(e)
	default:
		if err = b.packages.Drop(e.Root); err == nil {
			err = b.lumps.Unpin(ctx, e.Root)
		}
		b.part(ctx, e.Manifest.Publisher())
	}
	if err != nil {
		return nil, packageError(err)
	}
	return b.packageOf(e.Root, e.Manifest), nil
}

// PkgUpdate installs newer versions with the grants of the old ones.
func (b *backend) PkgUpdate(ctx context.Context, req *control.PkgInstallRequest) (*control.PkgUpdateResponse, error) {
	more, err := parseGrants(req.Grants)
	if err != nil {
		return nil, err
	}
	var todo []packages.Entry
	if req.Ref != "" {
		r, err := parsePackage(req.Ref)
		if err != nil {
			return nil, err
		}
		e, err := b.packages.Find(r)
		if err != nil {
			return nil, packageError(err)
		}
		todo = append(todo, e)
	} else {
		seen := map[string]bool{}
		for _, e := range b.packages.List() { // newest version first
			if id := e.Manifest.Publisher().String() + e.Manifest.Name; e.Installed && !seen[id] {
				seen[id] = true
				todo = append(todo, e)
			}
		}
	}
	ctx, cancel := context.WithTimeout(ctx, packageWait)
	defer cancel()
	var authors []base.Key
	for _, e := range todo {
		if k := e.Manifest.Publisher(); !slices.Contains(authors, k) {
			authors = append(authors, k)
		}
	}
	askSome(authors, func(k base.Key) { b.refresh(ctx, k) })
	out := &control.PkgUpdateResponse{}
	for _, e := range todo {
		u := control.PackageUpdate{Name: e.Manifest.Name, From: e.Manifest.Version.String()}
		rel, err := b.update(ctx, e, more, req.GrantAsked)
		if rel != nil {
			u.To, u.CID = rel.Version.String(), rel.Package.String()
		}
		if err != nil {
			if req.Ref != "" {
				return nil, err
			}
			u.Error = err.Error()
		}
		out.Packages = append(out.Packages, u)
	}
	return out, nil
}

// update replaces an entry by the newest release, if that is newer; the old one
// stays when the new one is refused.
func (n *Node) update(ctx context.Context, e packages.Entry, more []pkg.Grant, asked bool) (*pkg.Release, error) {
	h := n.packages.History(e.Manifest.Publisher())
	rel := h.Newest(e.Manifest.Name, e.Manifest.Version.Pre != "")
	if rel == nil || rel.Version.Compare(e.Manifest.Version) <= 0 {
		return nil, nil
	}
	m, err := n.readRelease(ctx, rel)
	if err != nil {
		return rel, packageError(err)
	}
	if err := n.install(ctx, rel.Package, m, append(more, e.Grants...), asked); err != nil {
		return rel, err
	}
	if e.Made {
		e.Installed, e.Grants = false, nil
		return rel, packageError(n.packages.Put(e))
	}
	if err := n.packages.Drop(e.Root); err != nil {
		return rel, packageError(err)
	}
	return rel, lumpError(n.lumps.Unpin(ctx, e.Root))
}

// PkgVersions lists the releases of a name.
func (b *backend) PkgVersions(ctx context.Context, req *control.PkgRequest) (*control.PkgVersionsResponse, error) {
	r, err := parsePackage(req.Ref)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, packageWait)
	defer cancel()
	if !r.Root.IsZero() {
		_, m, err := b.locate(ctx, req.Ref)
		if err != nil {
			return nil, packageError(err)
		}
		r = pkg.Reference{Author: m.Publisher().String(), Name: m.Name}
	}
	out := &control.PkgVersionsResponse{}
	for _, k := range b.releasesOf(ctx, r) {
		h := b.packages.History(k)
		for _, rel := range h.Versions(r.Name) {
			e, _ := b.packages.Get(rel.Package)
			out.Versions = append(out.Versions, control.PackageVersion{
				Author: k.String(), Name: rel.Name, Version: rel.Version.String(), CID: rel.Package.String(), Release: rel.Seq,
				Published: rel.When().Format(time.RFC3339), Installed: e.Installed, Doubtful: !h.Certain(rel),
			})
		}
	}
	if len(out.Versions) == 0 {
		return nil, packageError(fmt.Errorf("%s: nobody who is connected knows a release of it: %w", r, packages.ErrNone))
	}
	return out, nil
}
