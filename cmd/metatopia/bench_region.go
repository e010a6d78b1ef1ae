package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/metatopia/metatopia/node/regionbench"
)

// regionBench measures regions that several servers of this process keep.
type regionBench struct {
	Kills   int           `help:"Leaders killed, for each of the delays of failover." default:"1000"`
	Servers int           `help:"Servers of the region whose leaders are killed, 3 to 7." default:"5"`
	QUIC    bool          `name:"quic" help:"Connect the servers by QUIC in apply and failover, not TCP."`
	Moved   bool          `help:"In failover, let a killed server come back at another port."`
	Time    time.Duration `help:"How long each steady measurement takes." default:"20s"`
	State   int           `help:"MB of the region that a server joins." default:"200"`
	Link    int           `help:"Mbit/s of the link over which it joins." default:"50"`
	LogDir  string        `help:"Where the logs lie meanwhile. (default: the system's directory for temporary files)" placeholder:"DIR"`
}

func (c regionBench) run(ctx context.Context, e *environment, seed uint64, s selection) error {
	if c.Kills < 1 || c.Kills > 1000000 || c.Servers < 3 || c.Servers > 7 || c.Time < time.Second || c.Time > time.Hour ||
		c.State < 1 || c.State > 200 || c.Link < 1 || c.Link > 10000 {
		return usagef("", "bench region: --kills is 1 to 1000000, --servers 3 to 7, --time 1s to 1h, --state 1 to 200, --link 1 to 10000")
	}
	if err := s.check("region", regionbench.Parts()); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(c.LogDir, "metatopia-bench-*")
	if err != nil {
		return fmt.Errorf("bench region: %w", err)
	}
	defer os.RemoveAll(dir)
	report, err := regionbench.Run(ctx, regionbench.Options{Dir: dir, For: c.Time, Kills: c.Kills, Servers: c.Servers, QUIC: c.QUIC, Moved: c.Moved, StateMB: c.State, Mbit: c.Link, Only: s.Part, Seed: seed, Tell: slowNotes(e)})
	return e.report(ctx, report, err)
}
