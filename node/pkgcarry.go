package node

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/scripting/pkg"
)

// An archive is a content of two parts: the releases of the author, and the
// package. So who carries it can tell, without asking anybody, that the version
// is published as this.

// PkgArchive sends a package as a CAR archive.
func (b *backend) PkgArchive(ctx context.Context, req *control.PkgRequest, send func(*control.LumpChunk) error) error {
	r, err := parsePackage(req.Ref)
	if err != nil {
		return err
	}
	find, cancel := context.WithTimeout(ctx, packageWait)
	root, m, err := b.find(find, r)
	cancel()
	if err != nil {
		return packageError(err)
	}
	if _, err := b.lumps.Fetch(ctx, root); err != nil {
		return lumpError(err)
	}
	// Up to this release only: what else the author has made is another matter.
	h := b.packages.History(m.Publisher())
	if rel := h.Find(m.Name, m.Version); rel != nil {
		h.Releases = h.Releases[:rel.Seq:rel.Seq]
	} else {
		h.Releases = nil
	}
	st, err := b.lumps.AddQuiet(ctx, bytes.NewReader(h.Append(nil)))
	if err != nil {
		return lumpError(err)
	}
	whole, err := b.lumps.Join(ctx, []lumps.Ref{st.Ref, root})
	if err != nil {
		return lumpError(err)
	}
	w := &chunkWriter{send: send}
	_, err = b.lumps.Export(ctx, whole.Ref, w, func(_, total int64) { w.total = total })
	if err == nil {
		err = w.flush()
	}
	if w.err != nil {
		return w.err
	}
	return lumpError(err)
}

// PkgImport reads an archive and learns the releases in it. The package is here
// afterwards, not installed.
func (b *backend) PkgImport(ctx context.Context, _ bool, next func() ([]byte, error)) (*control.Package, error) {
	roots, err := b.lumps.Import(ctx, &chunkReader{next: next}, false)
	if err != nil {
		return nil, lumpError(err)
	}
	root, m, err := b.unpackArchive(ctx, roots)
	if err != nil {
		return nil, packageError(err)
	}
	return b.packageOf(root, m), nil
}

func (n *Node) unpackArchive(ctx context.Context, roots []lumps.Stat) (lumps.Ref, *pkg.Manifest, error) {
	bad := func(why string) (lumps.Ref, *pkg.Manifest, error) {
		return lumps.Ref{}, nil, fmt.Errorf("%w: not the archive of a package: %s", pkg.ErrManifest, why)
	}
	if len(roots) != 1 || !roots[0].Local {
		return bad("it is not one whole content")
	}
	parts, err := n.lumps.Parts(ctx, roots[0].Ref)
	if err != nil {
		return lumps.Ref{}, nil, err
	}
	if len(parts) != 2 || parts[0].Size > pkg.MaxArchive || parts[1].Size > maxPackage {
		return bad("it has other parts")
	}
	b, _, err := n.lumps.Bytes(ctx, parts[0].Ref, pkg.MaxArchive)
	if err != nil {
		return lumps.Ref{}, nil, err
	}
	h, err := pkg.ReadHistory(b)
	if err != nil {
		return lumps.Ref{}, nil, err
	}
	m, err := n.readPackage(ctx, parts[1].Ref)
	if err != nil {
		return lumps.Ref{}, nil, err
	}
	if m.Publisher() != h.Author {
		return bad("the releases are of somebody else")
	}
	if len(h.Releases) > 0 || h.Against != nil {
		if _, err := n.packages.Learn(h.Author, h.Releases, h.Against); err != nil && !errors.Is(err, pkg.ErrConflict) {
			return lumps.Ref{}, nil, err
		}
	}
	_, err = n.published(m, parts[1].Ref)
	return parts[1].Ref, m, err
}
