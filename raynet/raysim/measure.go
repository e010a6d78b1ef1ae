package raysim

import (
	"slices"
)

// views reads what a node knows; false when its machine cannot tell.
func (w *World) views(i int32, v *Views) bool {
	m, ok := w.Machine(i).(Viewer)
	if !ok {
		return false
	}
	v.Near, v.Long, v.Random = v.Near[:0], v.Long[:0], v.Random[:0]
	m.Views(v)
	return true
}

// Shape is the mean over nodes of how well their near views cover their cells.
func (w *World) Shape(nodes []int32) Shape {
	g := w.Grid()
	all := make([]Shape, len(nodes))
	parallel(len(nodes), func(k int) {
		var v Views
		if w.views(nodes[k], &v) {
			all[k] = shapeOf(g, nodes[k], w.pos[nodes[k]], v.Near, w.Alive)
		}
	})
	var s Shape
	n := float64(max(len(all), 1))
	var volumes []float64
	for _, a := range all {
		s.Coverage += a.Coverage / n
		s.SolidAngle += a.SolidAngle / n
		s.Neighbours += a.Neighbours / n
		volumes = append(volumes, a.Volume)
	}
	// One node that knows nobody on a side has a cell of half the world: the
	// mean would say nothing of the others.
	s.Volume = quantileOf(volumes, 0.5)
	return s
}

// Graph is the shape of who knows whom, over all living nodes.
type Graph struct {
	Components  int     // weakly connected by all views
	Largest     float64 // part of the nodes in the largest
	InMean      float64 // how many random views list a node
	InMax       float64
	Near        float64 // mean size of the views
	Long        float64
	Random      float64
	NearLong    float64 // members of the long view that are in the near view too
	Clustering  float64 // of the random view: part of pairs that know each other
	DeadEntries float64 // part of near places that are held by nodes not there
}

// Graph measures the union of all views.
func (w *World) Graph() Graph {
	n := w.Nodes()
	up := make([]int32, n)
	for i := range up {
		up[i] = int32(i)
	}
	find := func(i int32) int32 {
		for up[i] != i {
			up[i] = up[up[i]]
			i = up[i]
		}
		return i
	}
	in := make([]int32, n)
	var g Graph
	var v Views
	living := w.Living()
	dead := 0.0
	for _, i := range living {
		if !w.views(i, &v) {
			continue
		}
		for _, list := range [][]int32{v.Near, v.Long, v.Random} {
			for _, j := range list {
				if w.Honest(j) && w.group[i] == w.group[j] {
					up[find(i)] = find(j)
				}
			}
		}
		for _, j := range v.Random {
			in[j]++
		}
		for _, j := range v.Near {
			if !w.Alive(j) {
				dead++
			}
		}
		g.Near += float64(len(v.Near))
		g.Long += float64(len(v.Long))
		g.Random += float64(len(v.Random))
	}
	if g.Near > 0 {
		g.DeadEntries = dead / g.Near
	}
	size := make(map[int32]int)
	largest := 0
	for _, i := range living {
		size[find(i)]++
		largest = max(largest, size[find(i)])
		g.InMean += float64(in[i])
		g.InMax = max(g.InMax, float64(in[i]))
	}
	k := float64(max(len(living), 1))
	g.Components, g.Largest = len(size), float64(largest)/k
	g.InMean, g.Near, g.Long, g.Random = g.InMean/k, g.Near/k, g.Long/k, g.Random/k
	g.Clustering = w.clustering(w.Sample(min(len(living), 500)))
	return g
}

// clustering of the random view: how many of the pairs of a node's entries
// have each other in their random views, one way or the other.
func (w *World) clustering(nodes []int32) float64 {
	sum := 0.0
	for _, i := range nodes {
		var v, u Views
		if !w.views(i, &v) || len(v.Random) < 2 {
			continue
		}
		linked := 0
		for _, a := range v.Random {
			if !w.Alive(a) || !w.views(a, &u) {
				continue
			}
			for _, b := range v.Random {
				if a != b && slices.Contains(u.Random, b) {
					linked++
				}
			}
		}
		sum += float64(linked) / float64(len(v.Random)*(len(v.Random)-1))
	}
	return sum / float64(max(len(nodes), 1))
}

// turnover follows the near views of some nodes.
type turnover struct {
	nodes   []int32
	last    [][]int32
	entered int
	since   int64
}

func (w *World) startTurnover(nodes []int32) *turnover {
	t := &turnover{nodes: nodes, since: w.Now()}
	for _, i := range nodes {
		var v Views
		w.views(i, &v)
		t.last = append(t.last, slices.Clone(v.Near))
	}
	return t
}

// look counts who is new since the last look.
func (t *turnover) look(w *World) {
	var v Views
	for k, i := range t.nodes {
		if !w.Alive(i) || !w.views(i, &v) {
			continue
		}
		for _, j := range v.Near {
			if !slices.Contains(t.last[k], j) {
				t.entered++
			}
		}
		t.last[k] = append(t.last[k][:0], v.Near...)
	}
}

// perMinute is how many members enter a near view in a minute.
func (t *turnover) perMinute(w *World) float64 {
	if w.Now() == t.since || len(t.nodes) == 0 {
		return 0
	}
	return float64(t.entered) / float64(len(t.nodes)) / (float64(w.Now()-t.since) / float64(60*Second))
}
