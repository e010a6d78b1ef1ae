package assets

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/qmuntal/gltf"
)

// checker collects the first thing that is wrong, so that a long list of
// checks reads as one.
type checker struct{ err error }

func (c *checker) fail(format string, a ...any) {
	if c.err == nil {
		c.err = malformed("glb: "+format, a...)
	}
}

// count bounds a list and looks for nulls in it.
func count[T any](c *checker, what string, list []*T, most int) {
	if c.err == nil {
		c.err = within(what, int64(len(list)), int64(most))
	}
	if i := slices.Index(list, nil); i >= 0 {
		c.fail("%s: number %d is null", what, i)
	}
}

// index checks that i is one of n.
func (c *checker) index(i, n int, format string, a ...any) {
	if i < 0 || i >= n {
		c.fail("%s: %d of %d", fmt.Sprintf(format, a...), i, n)
	}
}

// option is index for what may be missing.
func (c *checker) option(i *int, n int, format string, a ...any) {
	if i != nil {
		c.index(*i, n, format, a...)
	}
}

// check bounds every list of the document and every index in it, in an order
// in which each check may rely on those before.
func (g *glb) check() error {
	c, d := &checker{}, g.doc
	for _, name := range d.ExtensionsRequired {
		if !understood(name) {
			return refused("it needs the extension %s", cleanName(name))
		}
	}
	if !strings.HasPrefix(d.Asset.Version, "2.") {
		return malformed("glb: glTF version %q, not 2", cleanName(d.Asset.Version))
	}
	count(c, "buffer views", d.BufferViews, maxViews)
	count(c, "accessors", d.Accessors, maxAccessors)
	count(c, "images", d.Images, MaxTextures)
	count(c, "textures", d.Textures, 4*MaxTextures)
	count(c, "samplers", d.Samplers, 4*MaxTextures)
	count(c, "materials", d.Materials, MaxMaterials)
	count(c, "meshes", d.Meshes, maxGLBMeshes)
	count(c, "nodes", d.Nodes, maxNodes)
	count(c, "scenes", d.Scenes, maxScenes)
	count(c, "skins", d.Skins, maxSkins)
	count(c, "animations", d.Animations, maxClips)
	count(c, "cameras", d.Cameras, maxNodes)
	if c.err != nil {
		return c.err
	}
	for _, step := range []func(*checker){g.checkViews, g.checkAccessors, g.checkLooks, g.checkMeshes, g.checkNodes, g.checkSkins, g.checkClips} {
		if step(c); c.err != nil {
			return c.err
		}
	}
	return nil
}

func (g *glb) checkViews(c *checker) {
	for i, v := range g.doc.BufferViews {
		c.index(v.Buffer, len(g.doc.Buffers), "view %d: buffer", i)
		if c.err != nil {
			return
		}
		n := len(g.doc.Buffers[v.Buffer].Data)
		if v.ByteLength < 1 || v.ByteOffset < 0 || v.ByteOffset > n || v.ByteLength > n-v.ByteOffset {
			c.fail("view %d: bytes %d to %d of %d", i, v.ByteOffset, v.ByteLength, n)
		}
		if v.ByteStride != 0 && (v.ByteStride < 4 || v.ByteStride > 252 || v.ByteStride%4 != 0) {
			c.fail("view %d: a stride of %d", i, v.ByteStride)
		}
	}
}

// checkLooks checks images, textures and materials.
func (g *glb) checkLooks(c *checker) {
	d := g.doc
	for i, m := range d.Images {
		c.option(m.BufferView, len(d.BufferViews), "image %d: view", i)
		if (m.BufferView == nil) == (m.URI == "") {
			c.fail("image %d: not either in a view or in a URI", i)
		}
	}
	for i, t := range d.Textures {
		if err := webpSource(t); err != nil && c.err == nil {
			c.err = err
		}
		c.option(t.Source, len(d.Images), "texture %d: image", i)
		c.option(t.Sampler, len(d.Samplers), "texture %d: sampler", i)
	}
	info := func(t *gltf.TextureInfo, i int) {
		if t != nil {
			c.index(t.Index, len(d.Textures), "material %d: texture", i)
		}
	}
	for i, m := range d.Materials {
		if p := m.PBRMetallicRoughness; p != nil {
			info(p.BaseColorTexture, i)
			info(p.MetallicRoughnessTexture, i)
		}
		info(m.EmissiveTexture, i)
		if m.NormalTexture != nil {
			c.option(m.NormalTexture.Index, len(d.Textures), "material %d: texture", i)
		}
		if m.OcclusionTexture != nil {
			c.option(m.OcclusionTexture.Index, len(d.Textures), "material %d: texture", i)
		}
	}
}

// understood tells the extensions that a file may insist on: they leave the
// geometry as it is, or change numbers that are read as they stand.
func understood(name string) bool {
	switch name {
	case "KHR_mesh_quantization", "KHR_texture_transform", "KHR_lights_punctual", "KHR_animation_pointer", "EXT_texture_webp", "VRM":
		return true
	}
	return strings.HasPrefix(name, "KHR_materials_") || strings.HasPrefix(name, "VRMC_")
}

// webpSource takes a texture's image from the extension for WebP.
func webpSource(t *gltf.Texture) error {
	raw, ok := t.Extensions["EXT_texture_webp"].(json.RawMessage)
	if !ok {
		return nil
	}
	var webp struct {
		Source *int `json:"source"`
	}
	if err := json.Unmarshal(raw, &webp); err != nil {
		return malformed("glb: EXT_texture_webp: %v", err)
	}
	if webp.Source != nil {
		t.Source = webp.Source
	}
	return nil
}

func (g *glb) checkMeshes(c *checker) {
	all, drawn := 0, int64(0)
	for i, m := range g.doc.Meshes {
		count(c, "primitives of a mesh", m.Primitives, maxPrimitives)
		if all += len(m.Primitives); all > maxPrimitives && c.err == nil {
			c.err = over("primitives", int64(all), maxPrimitives)
		}
		for j, p := range m.Primitives {
			if c.err != nil {
				return
			}
			if mode := g.kinds.Meshes[i].Primitives[j].Mode; mode != nil {
				c.index(*mode, 7, "mesh %d: mode", i)
			}
			c.option(p.Material, len(g.doc.Materials), "mesh %d: material", i)
			g.checkPrimitive(c, i, p)
			// Primitives may share accessors, and each is gone through.
			if drawn += g.drawn(p); c.err == nil {
				c.err = within("vertices and indices of all primitives", drawn, maxDrawn)
			}
		}
	}
}

func (g *glb) checkPrimitive(c *checker, i int, p *gltf.Primitive) {
	d := g.doc
	if c.err = within("morph targets", int64(len(p.Targets)), maxTargets); c.err != nil {
		return
	}
	vertices := -1
	for _, set := range append([]gltf.PrimitiveAttributes{p.Attributes}, p.Targets...) {
		for name, a := range set {
			c.index(a, len(d.Accessors), "mesh %d: %s", i, cleanName(name))
			if c.err != nil {
				return
			}
			if vertices < 0 {
				vertices = d.Accessors[a].Count
			}
			if d.Accessors[a].Count != vertices {
				c.fail("mesh %d: attributes with %d and %d values", i, vertices, d.Accessors[a].Count)
			}
		}
	}
	if a, ok := p.Attributes[gltf.POSITION]; ok && d.Accessors[a].Type != gltf.AccessorVec3 {
		c.fail("mesh %d: positions that are no vectors", i)
	}
	if c.option(p.Indices, len(d.Accessors), "mesh %d: indices", i); p.Indices == nil || c.err != nil {
		return
	}
	if a := d.Accessors[*p.Indices]; a.Type != gltf.AccessorScalar || !unsigned(a.ComponentType) {
		c.fail("mesh %d: indices that are no unsigned numbers", i)
	}
}

// drawn is how many values of a checked primitive are gone through.
func (g *glb) drawn(p *gltf.Primitive) int64 {
	n := int64(0)
	for _, a := range p.Attributes { //lint:sorted a sum has no order
		if a >= 0 && a < len(g.doc.Accessors) {
			n += int64(g.doc.Accessors[a].Count)
		}
	}
	if p.Indices != nil && *p.Indices >= 0 && *p.Indices < len(g.doc.Accessors) {
		n += int64(g.doc.Accessors[*p.Indices].Count)
	}
	return n
}

func unsigned(t gltf.ComponentType) bool {
	return t == gltf.ComponentUbyte || t == gltf.ComponentUshort || t == gltf.ComponentUint
}
