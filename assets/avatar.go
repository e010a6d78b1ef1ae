package assets

// Avatar is a GLB as a whole, for whoever draws and moves it: every index,
// size and number in it was checked, and every image decoded once.
type Avatar struct {
	GLB       []byte
	Vertices  int // of the scene at rest
	Triangles int
	Bounds    Box
	Textures  int
	Joints    int    // of the largest skin; 0: it has no skeleton
	Humanoid  string // vrm1, vrm0: which joint is which limb is told so; or ""
	Clips     []Clip
}

// Clip is an animation that an avatar brings along.
type Clip struct {
	Name    string // cleaned
	Seconds float32
}

// Memory implements Form.
func (a *Avatar) Memory() int64 { return int64(len(a.GLB)) + int64(len(a.Clips))*(MaxName+24) }

func (g *glb) avatar(b []byte, m *Mesh) *Avatar {
	a := &Avatar{GLB: b, Vertices: m.Vertices(), Triangles: m.Triangles(), Bounds: m.Bounds, Textures: len(m.Textures)}
	for _, s := range g.doc.Skins {
		a.Joints = max(a.Joints, len(s.Joints))
	}
	if _, ok := g.doc.Extensions["VRMC_vrm"]; ok {
		a.Humanoid = "vrm1"
	} else if _, ok := g.doc.Extensions["VRM"]; ok {
		a.Humanoid = "vrm0"
	}
	ends := map[int]float64{} // clips share their times
	for _, c := range g.doc.Animations {
		clip := Clip{Name: cleanName(c.Name)}
		for _, s := range c.Samplers {
			end, ok := ends[s.Input]
			if !ok {
				end = g.last(s.Input)
				ends[s.Input] = end
			}
			clip.Seconds = max(clip.Seconds, float32(end))
		}
		a.Clips = append(a.Clips, clip)
	}
	return a
}

// last is the largest value of an accessor of numbers.
func (g *glb) last(i int) float64 {
	most := 0.0
	_ = g.each(i, func(_ int, v []float64) error { most = max(most, v[0]); return nil })
	return most
}

var glbFormat = Format{
	Name: "glb", Classes: []Class{ClassMesh, ClassAvatar}, is: isGLB,
	measure: measureGLB, decode: decodeGLB,
}
