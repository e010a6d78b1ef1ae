package top

import (
	"context"
	"time"

	"github.com/metatopia/metatopia/node/control"
)

// Node is what top asks of a node; *control.Client is one.
type Node interface {
	Ps(context.Context, *control.PsRequest) (*control.PsResponse, error)
	Kill(context.Context, *control.KillRequest) error
	Tail(context.Context, *control.TailRequest, func(*control.LogLine) error) error
}

// rates remembers the processor time of the refresh before.
type rates struct {
	at  time.Time
	cpu map[uint64]float64 // seconds by pid
}

// next gives the share of one core, in percent, that each process took since
// the refresh before; a process that was not in that one has none yet.
func (r *rates) next(now time.Time, ps []control.Process) map[uint64]float64 {
	share := make(map[uint64]float64, len(ps))
	cpu := make(map[uint64]float64, len(ps))
	passed := now.Sub(r.at).Seconds()
	for i := range ps {
		p := &ps[i]
		cpu[p.PID] = p.CPU
		if before, ok := r.cpu[p.PID]; ok && passed > 0 && p.CPU > before {
			share[p.PID] = 100 * (p.CPU - before) / passed
		}
	}
	r.at, r.cpu = now, cpu
	return share
}

// Refresh is what a program gets once a second.
type Refresh struct {
	Time      string    `json:"time"`  // RFC 3339
	Total     int       `json:"total"` // processes, also those left out
	Processes []Measure `json:"processes"`
}

// Measure is a process with its share of one core since the refresh before.
type Measure struct {
	control.Process
	CPUPercent float64 `json:"cpuPercent"`
}

// Stream gives each refresh to emit, until that or the node fails or ctx ends.
func Stream(ctx context.Context, node Node, req control.PsRequest, emit func(*Refresh) error) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	var r rates
	for {
		res, err := node.Ps(ctx, &req)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return err
		}
		now := time.Now()
		share := r.next(now, res.Processes)
		out := Refresh{Time: now.UTC().Format(time.RFC3339Nano), Total: res.Total, Processes: make([]Measure, 0, len(res.Processes))}
		for _, p := range res.Processes {
			out.Processes = append(out.Processes, Measure{p, share[p.PID]})
		}
		if err := emit(&out); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}
