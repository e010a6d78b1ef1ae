package lab

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/physics/shape"
	"github.com/metatopia/metatopia/region/handoff"
	"github.com/metatopia/metatopia/region/shard"
	"github.com/metatopia/metatopia/spatial"
)

// Config of a Lab.
type Config struct {
	Regions int    // 1 to 3; sites 64 m apart along X, borders in the middle
	Lag     int    // ticks from the end of one that makes a message to the one in which it counts, at least 1
	Jitter  int    // up to so many ticks more
	Loss    int    // messages lost of 1000
	Double  int    // messages doubled of 1000
	Seed    uint64 // of the network
	Steps   int    // physics steps a tick; 0 = 3
	Skew    int    // ticks by which each region's count is ahead of the one before
	Method  shard.Method
	Physics physics.Config // Min and Max are filled in
	Pinned  bool           // nothing is handed over
	Cold    bool           // nobody knows of a new body before its owner's first word
}

// Region is one shard of a Lab.
type Region struct {
	ID    base.ID
	Site  spatial.Pos
	Shard *shard.Shard
	cfg   shard.Config
	skew  base.Tick
	// Away and Disk are ticks of the Lab: until then the region is down and
	// what is sent to it is lost, or its disk stands still and what must be on
	// it first waits.
	Away, Disk base.Tick
	held       []shard.Message
	Out        [2]shard.Output // of the last Begin and End

	fresh []base.ID // added since the last tick
	given []physics.Body
}

// Lab is a set of regions in one time.
type Lab struct {
	Config
	Regions []*Region
	Tick    base.Tick
	Total   shard.Counts // of all regions, from the start
	Jump    float32      // largest at a hand-off, m
	post    []letter
	rand    *base.Rand
	sent    uint64
	forms   map[shape.GeometryID]*shape.Geometry
	bodies  []base.ID // sorted
}

type letter struct {
	at       base.Tick
	n        uint64
	from, to int
	data     []byte
}

const spacing = 64 // m between sites

type hooks struct{ pinned bool }

func (hooks) Pack(base.ID) ([]byte, error) { return nil, nil }
func (hooks) Sound(_, _ base.ID, _ uint64, _ *physics.Body, p []byte) bool {
	return len(p) == 0
}
func (h hooks) Stays(base.ID) bool { return h.pinned }

// New founds the regions.
func New(c Config) (*Lab, error) {
	if c.Regions < 1 || c.Regions > 3 || c.Lag < 0 {
		return nil, fmt.Errorf("lab: %d regions, lag %d", c.Regions, c.Lag)
	}
	c.Lag = max(c.Lag, 1)
	l := &Lab{Config: c, rand: base.NewRand(c.Seed, 17)}
	var table []shard.Neighbour
	for i := range c.Regions {
		// The first border lies at X = 0.
		x := float64(-spacing/2 + i*spacing)
		r := &Region{ID: base.DeriveID("lab", []byte{byte(i)}), Site: spatial.At(x, 0, 0), skew: base.Tick(1000 + i*c.Skew)}
		table = append(table, shard.Neighbour{ID: r.ID, Site: r.Site})
		l.Regions = append(l.Regions, r)
	}
	for i, r := range l.Regions {
		p := c.Physics
		at := r.Site.Sub(spatial.Pos{})
		p.Min, p.Max = spatial.Vec{X: -256, Z: -256}.Sub(at), spatial.Vec{X: 256, Y: 256, Z: 256}.Sub(at)
		r.cfg = shard.Config{ID: r.ID, Site: r.Site, Physics: p, Steps: c.Steps, Method: c.Method,
			Hand: handoff.Config{Capacity: 4096}, Hooks: hooks{c.Pinned}}
		s, err := shard.New(r.cfg)
		if err != nil {
			return nil, err
		}
		r.Shard = s
		var near []shard.Neighbour
		for k, n := range table {
			if k == i-1 || k == i+1 {
				near = append(near, n)
			}
		}
		if err := s.Do(shard.Input{Kind: shard.InNeighbours, Neighbours: near}); err != nil {
			return nil, err
		}
	}
	return l, nil
}

// Name is the id of the nth body of a scene.
func Name(n int) base.ID { return base.ID{14: byte((n + 1) >> 8), 15: byte(n + 1)} }

// Add puts a body into the region it stands in, or into that of owner when it
// is not negative. Its place is given in the world.
func (l *Lab) Add(id base.ID, b physics.Body, owner int) error {
	if owner < 0 {
		owner = l.home(b.Pos.X)
	}
	owner = min(owner, len(l.Regions)-1)
	r := l.Regions[owner]
	b.Pos, b.Rot = b.Pos.Sub(r.Site.Sub(spatial.Pos{})), b.Rot.Unit()
	if i, ok := slices.BinarySearchFunc(l.bodies, id, base.ID.Compare); !ok {
		l.bodies = slices.Insert(l.bodies, i, id)
	}
	if g := l.forms[b.Shape.Geometry]; g != nil {
		in := shard.Input{Kind: shard.InCommand, Command: physics.Command{Kind: physics.CmdGeometry, Geometry: g}}
		if err := r.Shard.Do(in); err != nil {
			return err
		}
	}
	// The neighbours know of it in the same tick, as if it had stood there
	// for long.
	r.fresh, r.given = append(r.fresh, id), append(r.given, b)
	return r.Shard.Do(shard.Input{Kind: shard.InSpawn, ID: id, Epoch: 1, Body: b})
}

// Know makes the Lab know geometries: a body of one brings it along.
func (l *Lab) Know(list ...*shape.Geometry) {
	if l.forms == nil {
		l.forms = map[shape.GeometryID]*shape.Geometry{}
	}
	for _, g := range list {
		l.forms[g.ID()] = g
	}
}

func (l *Lab) home(x float32) int {
	i := 0
	for i < len(l.Regions)-1 && x > float32(i*spacing) {
		i++
	}
	return i
}

// Kick gives a body an impulse by its owner.
func (l *Lab) Kick(id base.ID, p spatial.Vec) {
	for _, r := range l.Regions {
		if _, ok := r.Shard.Owns(id); ok {
			_ = r.Shard.Do(shard.Input{Kind: shard.InCommand, ID: id, Command: physics.Command{Kind: physics.CmdImpulse, Vec: p}})
		}
	}
}

// Reload replaces a region's shard by one restored from its snapshot.
func (r *Region) Reload() error {
	s, err := shard.Restore(r.cfg, r.Shard.AppendSnapshot(nil))
	if err != nil {
		return err
	}
	r.Shard = s
	return nil
}

// Step makes one tick of every region.
func (l *Lab) Step() {
	for i, r := range l.Regions {
		if l.Tick < r.Away {
			r.skew-- // a tick that it does not make
			continue
		}
		if l.Cold {
			r.fresh, r.given = nil, nil
		}
		if len(r.fresh) == 0 {
			continue
		}
		for k, o := range l.Regions {
			if k == i-1 || k == i+1 {
				l.sent++
				data := shard.Introduction(o.ID, l.Tick+r.skew, r.fresh, r.given)
				l.post = append(l.post, letter{l.Tick + 1, l.sent, i, k, data})
			}
		}
		r.fresh, r.given = nil, nil
	}
	l.Tick++
	due := l.due()
	for i, r := range l.Regions {
		if l.Tick <= r.Away {
			r.Out = [2]shard.Output{}
			continue
		}
		var mail []shard.Mail
		for _, x := range due {
			if x.to == i {
				mail = append(mail, shard.Mail{From: l.Regions[x.from].ID, Data: x.data})
			}
		}
		r.Out[0] = r.Shard.Begin(l.Tick+r.skew, mail)
		for _, a := range r.Out[0].Arrived {
			l.Jump = max(l.Jump, a.Jump)
		}
	}
	for i, r := range l.Regions {
		if l.Tick <= r.Away {
			continue
		}
		r.Out[1] = r.Shard.End()
		for k := range r.Out {
			l.count(&r.Out[k].Counts)
			for _, m := range r.Out[k].Border {
				if m.Sync && l.Tick <= r.Disk {
					r.held = append(r.held, m)
					continue
				}
				l.send(i, m)
			}
		}
		if l.Tick > r.Disk {
			for _, m := range r.held {
				l.send(i, m)
			}
			r.held = nil
		}
	}
}

func (l *Lab) count(c *shard.Counts) {
	t := &l.Total
	t.Bad += c.Bad
	t.Ignored += c.Ignored
	t.Ghosts += c.Ghosts
	t.Corrected += c.Corrected
	t.Paired += c.Paired
	t.Unpaired += c.Unpaired
	t.BodyBytes += c.BodyBytes
	t.Told += c.Told
	t.Shapes += c.Shapes
	t.ShapeBytes += c.ShapeBytes
	t.HandoffIn += c.HandoffIn
	t.HandoffOut += c.HandoffOut
}

func (l *Lab) send(from int, m shard.Message) {
	to := slices.IndexFunc(l.Regions, func(r *Region) bool { return r.ID == m.To })
	times := 1
	if l.Loss > 0 && l.rand.IntN(1000) < l.Loss {
		times = 0
	}
	if l.Double > 0 && l.rand.IntN(1000) < l.Double {
		times++
	}
	for range times {
		late := 0
		if l.Jitter > 0 {
			late = l.rand.IntN(l.Jitter + 1)
		}
		l.sent++
		l.post = append(l.post, letter{l.Tick + base.Tick(l.Lag+late), l.sent, from, to, m.Data})
	}
}

// due takes the letters that arrive now, in the order they were sent.
func (l *Lab) due() (list []letter) {
	l.post = slices.DeleteFunc(l.post, func(x letter) bool {
		if x.at > l.Tick {
			return false
		}
		list = append(list, x)
		return true
	})
	slices.SortFunc(list, func(a, b letter) int { return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.n, b.n)) })
	return list
}

// State is a body as its owner has it, in the world.
type State struct {
	ID    base.ID
	Owner int // -1: released, and not arrived yet
	Body  physics.Body
}

// States is every body, by its owner. What nobody owns is on its way: then it
// is the ghost that its last owner still has.
func (l *Lab) States() (list []State, doubled int) {
	for _, id := range l.bodies {
		best := State{ID: id, Owner: -1}
		owners, epoch := 0, uint64(0)
		for i, r := range l.Regions {
			b, ok := r.Shard.Body(id)
			if !ok {
				continue
			}
			b.Pos = b.Pos.Add(r.Site.Sub(spatial.Pos{}))
			if _, mine := r.Shard.Owns(id); mine {
				owners++
				best.Owner, best.Body = i, b
			} else if best.Owner < 0 {
				if e := r.Shard.Hand().Known(id); e >= epoch {
					epoch, best.Body = e, b
				}
			}
		}
		if owners > 1 {
			doubled++
		}
		if best.Owner >= 0 || epoch > 0 {
			list = append(list, best)
		}
	}
	return list, doubled
}
