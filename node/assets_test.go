package node

import (
	"bytes"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/assets"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/scripting/guest"
)

// A chair with its materials before it, as `cat` makes it of two files.
const chair = `newmtl wood
Kd 0.5 0.25 0.125
Ns 0
newmtl glass
d 0.5
Ke 0 0 1
o seat
v -1 0 -1 1 0 0
v 1 0 -1
v 1 0 1
v -1 0 1
vt 0 0
vt 1 0.25
vn 0 1 0
usemtl wood
f 4/1/1 3/2/1 2/1/1 1/2/1
usemtl glass
f 1 2 3
`

// The shipped loader reads OBJ at a node that was told nothing, and again when
// another node's settings name it; what is no asset says why.
func TestAssetsOfANode(t *testing.T) {
	needGuest(t, "obj")
	n := startNode(t, Config{Name: "Ada", Guests: guest.FS()})
	b := n.Backend()
	add := func(content []byte) string {
		return must(b.LumpAdd(t.Context(), false, once(content)))(t).CID
	}
	show := func(req control.AssetRequest) (last control.Asset, err error) {
		err = b.AssetShow(t.Context(), &req, func(a *control.Asset) error { last = *a; return nil })
		return last, err
	}
	a := must(show(control.AssetRequest{CID: add([]byte(chair))}))(t)
	m := a.Mesh
	if m == nil || a.Format != "obj" || a.Gas == 0 || m.Vertices != 7 || m.Triangles != 3 || m.Parts != 2 ||
		strings.Join(m.Materials, ",") != "wood,glass" || !m.Normals || !m.UVs || !m.Colors || m.Max != (control.Point{X: 1, Z: 1}) {
		t.Fatalf("%+v %+v", a, m)
	}
	h := must(n.assets.Open(assets.Request{Ref: must(lumps.Parse(a.CID))(t)}))(t)
	mesh := must(n.assets.Wait(t.Context(), h))(t).Form.(*assets.Mesh)
	if c := mesh.Materials; c[0].Color != [4]float32{0.5, 0.25, 0.125, 1} || c[0].Roughness != 1 || c[1].Color[3] != 0.5 || c[1].Emissive[2] != 1 {
		t.Errorf("materials %+v", c)
	}
	if !bytes.Equal(mesh.Colors[12:16], []byte{255, 0, 0, 255}) || mesh.UVs[3] != 0.75 || mesh.Normals[1] != 1 {
		t.Errorf("colours %v, coordinates %v, normals %v", mesh.Colors, mesh.UVs, mesh.Normals)
	}
	wasm, _, _, _ := guest.Open("obj")
	if a := must(show(control.AssetRequest{CID: add(wasm)}))(t); a.Module == nil || strings.Join(a.Module.Uses, ",") != "loader" {
		t.Errorf("the loader: %+v", a)
	}
	for _, c := range []struct {
		req  control.AssetRequest
		code control.Code
		says string
	}{
		{control.AssetRequest{CID: add([]byte("v 0 0 0\nf 1 2 3\n"))}, control.Invalid, "line 2: index 2 of 1"},
		{control.AssetRequest{CID: add([]byte("v 1e39 0 0\nf 1 1 1\n"))}, control.Invalid, "farther than"},
		{control.AssetRequest{CID: a.CID, As: "Sound"}, control.Invalid, "it is obj, so Mesh"},
		{control.AssetRequest{CID: a.CID, As: "Box"}, control.Invalid, "no class"},
		{control.AssetRequest{CID: a.CID, Format: "png"}, control.Invalid, "no png"},
		{control.AssetRequest{CID: add([]byte("\x00asm\x01\x00\x00\x00"))}, control.Invalid, "neither a handler"},
		{control.AssetRequest{CID: "x"}, control.Invalid, "x"},
		{control.AssetRequest{CID: lumps.Of([]byte("nowhere")).String()}, control.NotFound, "not found"},
	} {
		if _, err := show(c.req); control.CodeOf(err) != c.code || !strings.Contains(fmt.Sprint(err), c.says) {
			t.Errorf("%+v: %v", c.req, err)
		}
	}
	other := startNode(t, Config{Name: "Bob", Loaders: []string{"mine:Mesh:words=v,f:" + lumps.Of(wasm).String()}})
	if _, err := other.modules.admit(lumps.Of(wasm), wasm); err != nil {
		t.Fatal(err)
	}
	cid := must(other.Backend().LumpAdd(t.Context(), false, once([]byte("v 0 0 0\nf 1 1 1\n"))))(t).CID
	var last control.Asset
	if err := other.Backend().AssetShow(t.Context(), &control.AssetRequest{CID: cid}, func(a *control.Asset) error { last = *a; return nil }); err != nil || last.Format != "mine" {
		t.Errorf("by its settings: %+v %v", last, err)
	}
	if got := n.count.snapshot(); got["assets_loaded"] != 2 || got["assets_failed"] == 0 || got["assets_panicked"] != 0 {
		t.Errorf("counted %v", got)
	}
	formats := must(b.AssetFormats(t.Context()))(t)
	if len(formats.Formats) != 9 || formats.Entries == 0 || formats.Bytes == 0 {
		t.Errorf("%+v", formats)
	}
	if _, err := Start(t.Context(), Config{Home: t.TempDir(), Loaders: []string{"x"}}); err == nil {
		t.Error("a node with a bad loader started")
	}
}

// The largest models that the loader takes: what they cost in gas and time is
// logged, and stays within the budget.
func TestLargeOBJ(t *testing.T) {
	if testing.Short() {
		t.Skip("it loads the largest models that are taken: go test ./node -run TestLargeOBJ, without -short")
	}
	needGuest(t, "obj")
	n := startNode(t, Config{Name: "Ada", Guests: guest.FS()})
	const side = 400
	var text strings.Builder
	for y := range side {
		for x := range side {
			fmt.Fprintf(&text, "v %.6f %.6f %d\nvt %.4f %.4f\n", float64(x)/10, math.Sin(float64(x+y)/20), y, float64(x)/side, float64(y)/side)
		}
	}
	for y := range side - 1 {
		for x := range side - 1 {
			i := y*side + x + 1
			fmt.Fprintf(&text, "f %d/%d %d/%d %d/%d %d/%d\n", i, i, i+1, i+1, i+side+1, i+side+1, i+side, i+side)
		}
	}
	cid := must(n.Backend().LumpAdd(t.Context(), false, once([]byte(text.String()))))(t).CID
	var last control.Asset
	if err := n.Backend().AssetShow(t.Context(), &control.AssetRequest{CID: cid}, func(a *control.Asset) error { last = *a; return nil }); err != nil {
		t.Fatal(err)
	}
	if last.Mesh.Triangles != 2*(side-1)*(side-1) || last.Mesh.Vertices != side*side {
		t.Errorf("%+v", last.Mesh)
	}
	t.Logf("%d bytes, %d triangles: %d gas, %.2f s", last.Size, last.Mesh.Triangles, last.Gas, last.DecodeSeconds)
}
