package raysim

import "cmp"

// Reference is a figure that protocols are compared by, and its name among
// the references.
type Reference struct{ Figure, Name string }

// References are all of them, in the order of the table.
var References = []Reference{
	{"cold.solid_angle", "cold_solid_angle"},
	{"cold.routing", "cold_routing"},
	{"steady.coverage", "steady_coverage"},
	{"steady.solid_angle", "steady_solid_angle"},
	{"steady.routing", "steady_routing"},
	{"steady.hops_mean", "hops_mean"},
	{"steady.route_p95_s", "route_p95_s"},
	{"bytes_up_per_s", "bytes_up_per_s"},
	{"messages_per_s", "messages_per_s"},
	{"cpu_us_per_cycle", "cpu_us_per_cycle"},
	{"heap_bytes_per_node", "heap_bytes_per_node"},
	{"walking.solid_angle", "walking_solid_angle"},
	{"walking.routing", "walking_routing"},
	{"walking.recall", "walking_recall"},
	{"walking.bytes_up_per_s", "walking_bytes_up_per_s"},
	{"partition.one_component_cycles", "partition_one_component_cycles"},
	{"partition.routing_after_15", "partition_routing_after_15"},
	{"loss50.routing_after_8", "loss50_routing_after_8"},
	{"loss50.solid_angle_after_10", "loss50_solid_angle_after_10"},
	{"hotspots.solid_angle", "hotspots_solid_angle"},
	{"hotspots.routing", "hotspots_routing"},
	{"hotspots.routing_population", "hotspots_routing_population"},
	{"hotspots.bytes_up_max_per_s", "hotspots_bytes_up_max_per_s"},
}

// largeWorld is the size above which another protocol's steady world and its
// walks are watched for largeCycles only: they take long enough.
//
// smallWorld is the size up to which hot spots are among the worlds: where an
// overlay connects everybody in sight, a spot of a thousand takes a million
// connections.
const (
	largeWorld  = 20_000
	largeCycles = 5
	smallWorld  = 2_000
)

// Compare runs the scenarios of another protocol that ours is compared with,
// in worlds of the same seed. What breaks a network has a world of its own:
// a protocol that does not recover from one thing is not measured in its
// ruins by the next.
func Compare(p Protocol, o Options) (*Report, error) {
	o.brief = true
	if o.Cycles == 0 && o.Nodes > largeWorld {
		o.Cycles = largeCycles
	}
	var all *Report
	worlds := [][]string{{"cold", "steady", "walking", "partition"}, {"loss50"}}
	if o.Nodes <= smallWorld {
		worlds = append(worlds, []string{"hotspots"})
	}
	for _, scenarios := range worlds {
		if o.Scenarios = scenarios; o.Stop != nil && o.Stop() {
			break
		}
		r, err := Bench(p, o)
		if err != nil {
			return nil, err
		}
		if all == nil {
			all = r
			continue
		}
		for _, name := range r.Order {
			all.set(name, r.Figures[name])
		}
		all.Plots = append(all.Plots, r.Plots...)
	}
	return cmp.Or(all, NewReport(o.Seed)), nil
}

// Refer files the figures of another protocol's run as references, each name
// with the protocol's before it.
func (r *Report) Refer(protocol string, of *Report) {
	for _, f := range References {
		if v, ok := of.Figures[f.Figure]; ok {
			r.Reference[protocol+"."+f.Name] = v
		}
	}
	r.Plots = append(r.Plots, of.Plots...)
}
