package node

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/spatial"
)

// The local API speaks in metres; everything below it in units.

func posOf(p control.Point) spatial.Pos { return spatial.At(p.X, p.Y, p.Z) }

func pointOf(p spatial.Pos) control.Point {
	x, y, z := p.Meters()
	return control.Point{X: x, Y: y, Z: z}
}

func vecOf(p control.Point) spatial.Vec {
	return spatial.Vec{X: float32(p.X), Y: float32(p.Y), Z: float32(p.Z)}
}

func colorText(c uint32) string { return fmt.Sprintf("#%06x", c&0xffffff) }

// regionColor gives a region a quiet colour of its own from its id.
func regionColor(id base.ID) string {
	palette := [...]uint32{0x7a9e7e, 0xb08d57, 0x6f8fb5, 0xa97c9e, 0x8a9a5b, 0xb5776f, 0x5f9ea0, 0x9a8c98}
	return colorText(palette[int(id[0])%len(palette)])
}
