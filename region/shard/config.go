package shard

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/physics"
	"github.com/metatopia/metatopia/region/handoff"
	"github.com/metatopia/metatopia/spatial"
)

// Config of a Shard.
type Config struct {
	ID      base.ID        // of the region
	Site    spatial.Pos    // origin of its coordinates
	Physics physics.Config // Min and Max relative to Site
	Steps   int            // steps of physics in a tick; 0 = 3
	Hand    handoff.Config // Self is filled in
	Hooks   Hooks          // nil: nothing travels with a body
	Method  Method         // 0: DefaultMethod
}

// Hooks are the main sim's part of a hand-off: what belongs to a thing besides
// its body. They are called within Begin and End, and must give the same
// answers on every replica.
type Hooks interface {
	// Pack gives what travels with a body that is released in this tick:
	// slots, script state, riders, session. An error keeps the body here.
	Pack(id base.ID) ([]byte, error)
	// Sound reports whether a neighbour's payload for the body can be taken
	// over with it. If not the release is dropped unanswered.
	Sound(from, id base.ID, epoch uint64, body *physics.Body, payload []byte) bool
	// Stays reports whether the body must not be handed over.
	Stays(id base.ID) bool
}

type noHooks struct{}

func (noHooks) Pack(base.ID) ([]byte, error) { return nil, nil }
func (noHooks) Sound(_, _ base.ID, _ uint64, _ *physics.Body, p []byte) bool {
	return len(p) == 0
}
func (noHooks) Stays(base.ID) bool { return false }

func (c *Config) validate() error {
	if c.Steps == 0 {
		c.Steps = 3
	}
	if c.Hooks == nil {
		c.Hooks = noHooks{}
	}
	if c.Method == 0 {
		c.Method = DefaultMethod
	}
	c.Hand.Self = c.ID
	if c.ID.IsZero() || c.Steps < 1 || c.Steps > maxSteps || !c.Site.Valid() || c.Method&^allMethods != 0 {
		return fmt.Errorf("shard: config: id is zero, %d steps, method %d or site %v", c.Steps, c.Method, c.Site)
	}
	return nil
}
