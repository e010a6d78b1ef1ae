package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/metatopia/metatopia/node/control"
)

// place is X,Y,Z or X,Z in metres; without Y it is the ground.
type place control.Point

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *place) UnmarshalText(b []byte) error {
	parts := strings.Split(string(b), ",")
	if len(parts) != 2 && len(parts) != 3 {
		return fmt.Errorf("want X,Y,Z or X,Z in metres, got %q", b)
	}
	v := make([]float64, len(parts))
	for i, s := range parts {
		f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
		if err != nil || math.IsNaN(f) || math.Abs(f) > control.MaxCoordinate {
			return fmt.Errorf("want X,Y,Z or X,Z in metres, got %q", b)
		}
		v[i] = f
	}
	*p = place{X: v[0], Z: v[len(v)-1]}
	if len(v) == 3 {
		p.Y = v[1]
	}
	return nil
}

func at(p control.Point) string { return fmt.Sprintf("%.1f,%.1f,%.1f", p.X, p.Y, p.Z) }
