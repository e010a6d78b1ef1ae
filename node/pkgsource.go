package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/packages"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/scripting/guest"
	"github.com/metatopia/metatopia/scripting/pkg"
	"github.com/metatopia/metatopia/scripting/script"
)

// PkgSource says where the source of something is: of a process by its pid, of
// a thing's script by the thing's id, of a package, or of a module by its CID.
func (b *backend) PkgSource(ctx context.Context, req *control.PkgRequest) (*control.PkgSourceResponse, error) {
	if pid, err := strconv.ParseUint(req.Ref, 10, 64); err == nil {
		i, err := b.procs.Get(pid)
		if err != nil {
			return nil, scriptError(err)
		}
		ref, err := parseRef(i.CID)
		if err != nil {
			return nil, err
		}
		return b.moduleSource(ctx, ref)
	}
	if _, err := base.ParseID(req.Ref); err == nil {
		return b.thingSource(ctx, req.Ref)
	}
	r, err := parsePackage(req.Ref)
	if err != nil {
		return nil, err
	}
	if !r.Root.IsZero() {
		if s, err := b.moduleSource(ctx, r.Root); err == nil {
			return s, nil
		}
	}
	ctx, cancel := context.WithTimeout(ctx, packageWait)
	defer cancel()
	root, m, err := b.find(ctx, r)
	if err != nil && r.Root.IsZero() {
		var e packages.Entry
		if e, err = b.packages.Find(r); err == nil {
			root, m = e.Root, e.Manifest
		}
	}
	if err != nil {
		return nil, packageError(err)
	}
	return b.packageSource(root, m, lumps.Ref{})
}

func (n *Node) packageSource(root lumps.Ref, m *pkg.Manifest, module lumps.Ref) (*control.PkgSourceResponse, error) {
	if m.Source.IsZero() {
		return nil, control.Errorf(control.NotFound, "", "%s gives no source", m.ID())
	}
	return &control.PkgSourceResponse{
		CID: m.Source.String(), Size: m.SourceSize, Bundle: true, Module: module.String(), Package: root.String(),
		License: m.License, Author: m.Author, Language: m.Recipe.Tool,
	}, nil
}

// moduleSource finds the source of a module: of a package that has it, or of a
// guest of this program.
func (n *Node) moduleSource(ctx context.Context, module lumps.Ref) (*control.PkgSourceResponse, error) {
	if e, ok := n.packages.ByModule(module); ok {
		return n.packageSource(e.Root, e.Manifest, module)
	}
	for _, g := range guest.List() {
		if n.cfg.Guests == nil {
			break
		}
		wasm, source, meta, err := guest.OpenFS(n.cfg.Guests, g.Name)
		if errors.Is(err, guest.ErrNotBuilt) || errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		st, err := n.lumps.AddQuiet(ctx, bytes.NewReader(wasm))
		if err != nil {
			return nil, lumpError(err)
		}
		if st.Ref != module {
			continue
		}
		src, err := n.lumps.AddQuiet(ctx, bytes.NewReader(source))
		if err != nil {
			return nil, lumpError(err)
		}
		return &control.PkgSourceResponse{CID: src.Ref.String(), Size: src.Size, Module: module.String(),
			License: meta.License, Author: meta.Author, Language: meta.Language}, nil
	}
	if b, _, err := n.lumps.Bytes(ctx, module, script.MaxBytes); err == nil && script.Is(b) { // its own source
		sc, err := script.Parse(b)
		if err != nil {
			return nil, scriptTextError(err)
		}
		return &control.PkgSourceResponse{CID: module.String(), Size: int64(len(b)), Module: module.String(), Language: sc.Language}, nil
	}
	return nil, control.Errorf(control.NotFound, "it was started as a bare module, not as a package", "the source of module %s is not known here", module)
}

// thingSource is what the slots of a thing say, which any region's script has.
func (b *backend) thingSource(ctx context.Context, thing string) (*control.PkgSourceResponse, error) {
	in, err := b.Inspect(ctx, &control.InspectRequest{Thing: thing})
	if err != nil {
		return nil, err
	}
	slots := map[string]string{}
	for _, s := range in.Slots {
		slots[s.Name] = s.Value
	}
	if in.SourceCID == "" {
		return nil, control.Errorf(control.NotFound, "", "%s gives no source", in.Entity.Name)
	}
	ref, err := parseRef(in.SourceCID)
	if err != nil {
		return nil, err
	}
	body, _, err := b.lumps.Bytes(ctx, ref, pkg.MaxBundle)
	if err != nil {
		return nil, lumpError(err)
	}
	_, bad := pkg.ReadBundle(body)
	return &control.PkgSourceResponse{CID: in.SourceCID, Size: int64(len(body)), Bundle: bad == nil, Module: slots[region.SlotScript],
		Package: slots[region.SlotPackage], License: in.License, Author: in.Author, Language: in.Language}, nil
}

// loadSource is what a region with the rule of copyleft waits for: the source of
// a script is here, and it is something that a person can read.
func (n *Node) loadSource(cid string) error {
	ref, err := lumps.Parse(cid)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(n.ctx, scriptWait)
	defer cancel()
	b, _, err := n.lumps.Bytes(ctx, ref, pkg.MaxBundle)
	if err != nil {
		return err
	}
	if _, bad := pkg.ReadBundle(b); bad != nil && !isText(b) {
		return fmt.Errorf("node: %s is neither text nor a bundle of source", ref.Short())
	}
	_, err = n.lumps.Pin(ctx, ref)
	return err
}

func isText(b []byte) bool {
	return len(bytes.TrimSpace(b)) > 0 && utf8.Valid(b) && !bytes.ContainsRune(b, 0)
}

// readable shows a source as one text: a bundle file by file.
func readable(b []byte) string {
	files, err := pkg.ReadBundle(b)
	if err != nil {
		return string(b)
	}
	var out strings.Builder
	for _, f := range files {
		if f.Path == pkg.FileName {
			continue
		}
		if !utf8.Valid(f.Data) {
			fmt.Fprintf(&out, "==> %s: %d bytes\n", f.Path, len(f.Data))
			continue
		}
		fmt.Fprintf(&out, "==> %s\n%s\n", f.Path, f.Data)
	}
	return out.String()
}
