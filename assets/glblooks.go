package assets

import (
	"context"

	"github.com/qmuntal/gltf"
)

// looks reads the materials and the images that their colours come from.
// Every image of the file is decoded once, used or not: an Avatar goes to
// clients whole.
func (g *glb) looks(ctx context.Context, m *Mesh) error {
	place := make([]uint32, len(g.doc.Images)) // image -> m.Textures
	for i := range place {
		place[i] = NoIndex
	}
	pixels := int64(0)
	for i, im := range g.doc.Images {
		b, err := g.imageBytes(im)
		if err != nil {
			return err
		}
		f := imageOf(b)
		if f == nil {
			return refused("image %d is not PNG, JPEG or WebP", i)
		}
		info, err := f.look(b)
		if err != nil {
			return err
		}
		if pixels += info.pixels(); pixels > maxMeshPixels {
			return over("pixels of all images", pixels, maxMeshPixels)
		}
		t, err := f.texture(ctx, b)
		if err != nil {
			return err
		}
		// The lump's bytes are not kept for the sake of one image.
		t.Data = append([]byte(nil), t.Data...)
		place[i] = uint32(len(m.Textures))
		m.Textures = append(m.Textures, t)
	}
	for _, mat := range g.doc.Materials {
		m.Materials = append(m.Materials, g.material(mat, place))
	}
	return nil
}

func (g *glb) imageBytes(im *gltf.Image) ([]byte, error) {
	if im.BufferView == nil {
		return dataURI(im.URI, "image/png", "image/jpeg", "image/webp")
	}
	v := g.doc.BufferViews[*im.BufferView]
	return g.doc.Buffers[v.Buffer].Data[v.ByteOffset:][:v.ByteLength], nil
}

func (g *glb) material(in *gltf.Material, place []uint32) Material {
	m := Material{
		Name: cleanName(in.Name), Color: [4]float32{1, 1, 1, 1}, Metallic: 1, Roughness: 1,
		Texture: NoIndex, DoubleSided: in.DoubleSided,
	}
	for k, v := range in.EmissiveFactor {
		m.Emissive[k] = unit(v)
	}
	p := in.PBRMetallicRoughness
	if p == nil {
		return m
	}
	for k, v := range p.BaseColorFactorOrDefault() {
		m.Color[k] = unit(v)
	}
	m.Metallic, m.Roughness = unit(p.MetallicFactorOrDefault()), unit(p.RoughnessFactorOrDefault())
	if t := p.BaseColorTexture; t != nil {
		if src := g.doc.Textures[t.Index].Source; src != nil {
			m.Texture = place[*src]
		}
	}
	return m
}

func unit(v float64) float32 { return float32(min(max(v, 0), 1)) }
