package region

import (
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/spatial"
)

// looker lets a script of thing t look around in one event. Nothing changes
// the world while actors run, so they may look at the same time.
func (s *Sim) looker(t *Thing, at spatial.Vec) func(spatial.Pos, spatial.Vec) (Sight, error) {
	left := MaxLooks
	self, _ := s.shard.Number(t.ID)
	return func(from spatial.Pos, way spatial.Vec) (Sight, error) {
		start := from.Sub(s.cfg.Site)
		if left == 0 || !from.Valid() || !way.Finite() || !(way.Len() <= MaxLook) || !(start.Sub(at).Len() <= MaxLook) {
			return Sight{}, ErrLook
		}
		left--
		hit, ok := s.shard.World().Ray(start, way, physics.Query{Skip: self})
		if !ok {
			return Sight{}, nil
		}
		x := Sight{Found: true, At: s.at(hit.Point)}
		if hit.ID != physics.Ground {
			x.Thing, _ = s.shard.Name(hit.ID)
		}
		return x, nil
	}
}

// settle makes ready what looks need, before the first of them.
func (s *Sim) settle(jobs []job) {
	for i := range jobs {
		if len(jobs[i].script) > 0 {
			s.shard.World().RayAny(spatial.Vec{}, spatial.Vec{Y: 1}, physics.Query{})
			return
		}
	}
}
