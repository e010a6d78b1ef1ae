package node

import (
	"context"
	"errors"
	"slices"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/packages"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/scripting/pkg"
)

// packageUse is what a package's process starts with.
type packageUse struct {
	Module lumps.Ref
	Name   string
	Memory uint64 // bytes; 0: the node's default
	Gas    uint64 // whole-life budget; 0: none
	Grants []pkg.Grant
}

// resolvePackage says how to start a process of an installed package; nil when
// the text means no package but a module's CID.
func (n *Node) resolvePackage(ref string) (*packageUse, error) {
	r, err := pkg.ParseReference(ref)
	if err != nil {
		return nil, packageError(err)
	}
	e, err := n.packages.Find(r)
	if err != nil {
		if !r.Root.IsZero() {
			return nil, nil
		}
		if errors.Is(err, packages.ErrNone) {
			return nil, control.Errorf(control.NotFound, "install it first: metatopia pkg install "+ref, "%w", err)
		}
		return nil, packageError(err)
	}
	x, ok := e.Manifest.Module(pkg.Process)
	if !ok {
		return nil, control.Errorf(control.Invalid, "`metatopia pkg show` lists its modules", "%s has no process module", e.Manifest.ID())
	}
	return &packageUse{Module: x.Ref, Name: e.Manifest.Name, Memory: e.Manifest.Memory, Gas: e.Manifest.Gas, Grants: e.Grants}, nil
}

// applyPackage replaces a reference to an installed package in a request by what
// it means. A budget that the person gives may be smaller than what the package
// asks for, not larger; so may the peers that it may send to.
func (n *Node) applyPackage(req *control.SpawnRequest) (*control.SpawnRequest, error) {
	if req.CID == "" {
		return req, nil
	}
	u, err := n.resolvePackage(req.CID)
	if u == nil || err != nil {
		return req, err
	}
	out := *req
	out.CID = u.Module.String()
	if out.Name == "" {
		out.Name = u.Name
	}
	least := func(asked, given uint64) uint64 {
		if asked == 0 || given != 0 && given < asked {
			return given
		}
		return asked
	}
	out.Memory, out.Gas = least(u.Memory, req.Memory), least(u.Gas, req.Gas)
	out.NoWorld = req.NoWorld || !slices.ContainsFunc(u.Grants, func(g pkg.Grant) bool { return g.Name == "world" })
	out.MayPut = slices.ContainsFunc(u.Grants, func(g pkg.Grant) bool { return g.Name == "lump.put" })
	if req.MayPut && !out.MayPut {
		return nil, control.Errorf(control.Denied, "install it again with --grant lump.put", "%s: %w: lump.put", u.Name, pkg.ErrNotGranted)
	}
	for _, x := range []struct {
		privilege string
		list      *[]string
	}{{"lump.send", &out.SendTo}, {"process.spawn", &out.MaySpawn}, {"http", &out.MayFetch}} {
		if *x.list, err = narrow(u, x.privilege, *x.list); err != nil {
			return nil, err
		}
	}
	return &out, nil
}

// narrow gives the values of a grant, or those of them that the person names for
// this one process.
func narrow(u *packageUse, privilege string, wanted []string) (out []string, err error) {
	for _, g := range u.Grants {
		switch {
		case g.Name != privilege:
		case len(wanted) == 0 || slices.Contains(wanted, g.Value):
			out = append(out, g.Value)
		case g.Value == "any":
			out = append(out, wanted...)
		}
	}
	if len(wanted) > 0 && len(out) == 0 {
		return nil, control.Errorf(control.Denied, "install it again with --grant "+privilege+"=...", "%s: %w: %s", u.Name, pkg.ErrNotGranted, privilege)
	}
	return out, nil
}

// PkgPut gives a thing the sim module of an installed package, with all that
// says whose it is.
func (b *backend) PkgPut(ctx context.Context, req *control.PkgPutRequest) (*control.TickResponse, error) {
	r, err := parsePackage(req.Ref)
	if err != nil {
		return nil, err
	}
	e, err := b.packages.Find(r)
	if err != nil {
		return nil, packageError(err)
	}
	m := e.Manifest
	x, ok := m.Module(pkg.Sim)
	if !ok {
		return nil, control.Errorf(control.Invalid, "`metatopia pkg show` lists its modules", "%s has no sim module", m.ID())
	}
	w, err := b.inWorld()
	if err != nil {
		return nil, err
	}
	id, err := w.thingNamed(ctx, req.Thing)
	if err != nil {
		return nil, err
	}
	identity := []region.SlotWrite{
		{Name: region.SlotScript, Value: region.LumpSlot(x.Ref.String())},
		{Name: region.SlotLanguage, Value: region.TextSlot(m.Recipe.Tool)},
		{Name: region.SlotLicense, Value: region.TextSlot(m.License)},
		{Name: region.SlotAuthor, Value: region.TextSlot(m.Author)},
		{Name: region.SlotPackage, Value: region.LumpSlot(e.Root.String())},
	}
	if !m.Source.IsZero() {
		identity = append(identity, region.SlotWrite{Name: region.SlotSource, Value: region.LumpSlot(m.Source.String())})
	}
	return b.rescript(ctx, w, id, identity)
}
