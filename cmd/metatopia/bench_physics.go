package main

import (
	"context"
	"path/filepath"
	"slices"
	"time"

	"github.com/metatopia/metatopia/physics/physbench"
)

// physicsBench measures worlds of bodies.
type physicsBench struct {
	Rapier   string            `help:"A directory with Rapier in its node_modules, to compare with; none for no comparison. (default: physics/oracle, if it has them)" placeholder:"DIR"`
	Bullet   string            `help:"Whether to compare with Bullet: yes, no, or if it is installed." enum:"auto,yes,no" default:"auto"`
	Against  map[string]string `help:"Other engines to compare with: programs that are given the file of a scene and a number of steps." placeholder:"NAME=PROGRAM"`
	Handoffs int               `help:"Hand-offs in simulation." default:"1000000"`
	Steps    int               `help:"Steps of a scene; others than 600 are for trying only." default:"600"`
	For      time.Duration     `help:"How long balls are sent over the border of two nodes." default:"60s"`
}

// physicsParts are the names of the measurements.
func physicsParts() []string { return append(physbench.Parts(), nodesPart) }

// rapierHome is where make test installs it.
var rapierHome = filepath.Join("physics", "oracle")

func (c physicsBench) run(ctx context.Context, e *environment, s selection) error {
	if c.Steps < 10 || c.Steps > 100_000 {
		return usagef("", "bench physics: --steps is 10 to 100,000, not %d", c.Steps)
	}
	if c.Handoffs < 1000 || c.Handoffs > 100_000_000 {
		return usagef("", "bench physics: --handoffs is 1,000 to 100,000,000, not %d", c.Handoffs)
	}
	if c.For < time.Second || c.For > time.Hour {
		return usagef("", "bench physics: --for is 1s to 1h, not %s", c.For)
	}
	if err := s.check("physics", physicsParts()); err != nil {
		return err
	}
	rapier := c.Rapier
	switch rapier {
	case "":
		if physbench.HasRapier(rapierHome) {
			rapier = rapierHome
		} else {
			e.note("Not compared with Rapier: npm ci in %s of the sources installs it; --rapier DIR.", rapierHome)
		}
	case "none":
		rapier = ""
	}
	bullet := c.Bullet == "yes" || c.Bullet == "auto" && physbench.HasBullet()
	if !bullet && c.Bullet == "auto" {
		e.note("Not compared with Bullet: it needs g++ and libbullet-dev.")
	}
	report, err := physbench.Run(ctx, physbench.Options{
		Repeat: s.Repeat, Steps: c.Steps, Handoffs: c.Handoffs, Rapier: rapier, Bullet: bullet, Against: c.Against, Only: s.Part, Tell: slowNotes(e),
	})
	if err == nil && (len(s.Part) == 0 || slices.Contains(s.Part, nodesPart)) {
		err = c.nodes(ctx, e, report)
	}
	return e.report(ctx, report, err)
}
