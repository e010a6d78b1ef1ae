package controltest

import (
	"context"

	"github.com/metatopia/metatopia/node/control"
)

// AssetShow takes every lump for a cube that the format reads, or obj.
func (b *Backend) AssetShow(_ context.Context, r *control.AssetRequest, send func(*control.Asset) error) error {
	if err := b.called("asset-show %s as=%s format=%s", r.CID, r.As, r.Format); err != nil {
		return err
	}
	l, _, err := b.lump(r.CID)
	if err != nil {
		return err
	}
	if err := send(&control.Asset{CID: r.CID, State: "fetching", Total: l.Size}); err != nil {
		return err
	}
	return send(&control.Asset{
		CID: r.CID, State: "ready", Done: l.Size, Total: l.Size, Class: "Mesh", Format: "obj", Loader: "cid-of-obj", Gas: 12_345,
		Source: "disk", Size: l.Size, Memory: 4096, FetchSeconds: 0.25, DecodeSeconds: 0.5,
		Mesh: &control.AssetMesh{
			Vertices: 24, Triangles: 12, Parts: 1, Materials: []string{"red"}, Normals: true, Max: control.Point{X: 1, Y: 1, Z: 1},
		},
	})
}

// AssetFormats lists two.
func (b *Backend) AssetFormats(context.Context) (*control.AssetFormatsResponse, error) {
	return &control.AssetFormatsResponse{
		Formats: []control.AssetFormat{{Name: "glb", Classes: []string{"Mesh", "Avatar"}}, {Name: "obj", Classes: []string{"Mesh"}, Loader: "cid-of-obj"}},
		Entries: 3, Idle: 1, Bytes: 1 << 20,
	}, nil
}
