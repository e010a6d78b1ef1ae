package node

import (
	"context"

	"github.com/metatopia/metatopia/assets"
	"github.com/metatopia/metatopia/node/control"
)

// AssetShow loads a lump as an asset and describes it. What it sends first is
// how far the load is.
func (b *backend) AssetShow(ctx context.Context, req *control.AssetRequest, send func(*control.Asset) error) error {
	ref, err := parseRef(req.CID)
	if err != nil {
		return err
	}
	class, err := assets.ParseClass(req.As)
	if err != nil {
		return assetError(err)
	}
	h, err := b.assets.Open(assets.Request{Ref: ref, As: class, Format: req.Format, Priority: assets.LookedAt})
	if err != nil {
		return assetError(err)
	}
	defer func() { _ = b.assets.Release(h) }()
	for {
		s, changed, err := b.assets.Watch(h)
		if err == nil && s.State == assets.Failed {
			err = s.Err
		}
		if err != nil {
			return assetError(err)
		}
		out := control.Asset{CID: req.CID, State: s.State.String(), Done: s.Done, Total: s.Total}
		if s.State == assets.Ready {
			describe(&out, s.Asset)
		}
		if err := send(&out); err != nil || s.State == assets.Ready {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// AssetFormats lists what this node can load.
func (b *backend) AssetFormats(context.Context) (*control.AssetFormatsResponse, error) {
	out := &control.AssetFormatsResponse{}
	for _, f := range b.assets.Formats() {
		c := control.AssetFormat{Name: f.Name, Loader: f.Loader.String()}
		for _, class := range f.Classes {
			c.Classes = append(c.Classes, class.String())
		}
		out.Formats = append(out.Formats, c)
	}
	st := b.assets.Stats()
	out.Entries, out.Idle, out.Bytes = st.Entries, st.Idle, st.Bytes
	return out, nil
}

func describe(out *control.Asset, a *assets.Asset) {
	out.Class, out.Format, out.Loader, out.Gas = a.Class.String(), a.Format, a.Loader.String(), a.Gas
	out.Size, out.Memory, out.Source = a.Size, a.Memory(), a.Source
	out.FetchSeconds, out.DecodeSeconds = a.Fetch.Seconds(), a.Decode.Seconds()
	switch f := a.Form.(type) {
	case *assets.Mesh:
		m := &control.AssetMesh{
			Vertices: f.Vertices(), Triangles: f.Triangles(), Parts: len(f.Parts), Materials: []string{}, Textures: len(f.Textures),
			Normals: f.Normals != nil, UVs: f.UVs != nil, Colors: f.Colors != nil, Min: corner(f.Bounds.Min), Max: corner(f.Bounds.Max),
		}
		for _, mat := range f.Materials {
			m.Materials = append(m.Materials, mat.Name)
		}
		out.Mesh = m
	case *assets.Texture:
		out.Texture = &control.AssetTexture{Encoding: f.Format, Width: f.Width, Height: f.Height, Alpha: f.Alpha}
	case *assets.Sound:
		out.Sound = &control.AssetSound{Encoding: f.Format, Rate: f.Rate, Channels: f.Channels, Seconds: f.Duration().Seconds()}
	case *assets.Module:
		out.Module = &control.AssetModule{Uses: append([]string{}, f.Uses...), Interfaces: append([]string{}, f.Interfaces...)}
	case *assets.Text:
		out.Text = &control.AssetText{Lines: f.Lines}
	case *assets.Avatar:
		av := &control.AssetAvatar{
			Vertices: f.Vertices, Triangles: f.Triangles, Textures: f.Textures, Joints: f.Joints, Humanoid: f.Humanoid,
			Min: corner(f.Bounds.Min), Max: corner(f.Bounds.Max), Clips: []control.AssetClip{},
		}
		for _, c := range f.Clips {
			av.Clips = append(av.Clips, control.AssetClip{Name: c.Name, Seconds: float64(c.Seconds)})
		}
		out.Avatar = av
	}
}

func corner(v [3]float32) control.Point {
	return control.Point{X: float64(v[0]), Y: float64(v[1]), Z: float64(v[2])}
}
