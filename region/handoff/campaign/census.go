package campaign

// census counts the owners of every object as all regions stand in this tick:
// those that run by their memory, those that are down by their disk. Two
// owners, or an object in two places, is doubled. An object without an owner
// must be on the way: released by one region and not yet known to its
// receiver; else it is lost.
func (w *world) census() {
	owners := make([]uint8, w.o.Objects)
	for _, s := range w.servers {
		list := s.core.Owned()
		for _, r := range list {
			i := objectOf(r.ID)
			if owners[i]++; owners[i] > 1 {
				w.res.Doubled++
			}
			if _, here := s.bodies[r.ID]; !here {
				w.res.Lost++
			}
		}
		if len(list) != len(s.bodies) {
			w.res.Doubled++ // something is here that is not owned
		}
	}
	// What nobody owns is in a release of which its receiver does not know,
	// and nothing else is.
	coming := make([]uint8, w.o.Objects)
	for _, s := range w.servers {
		for _, r := range s.core.Released() {
			if w.servers[w.index[r.To]].core.Known(r.ID) <= r.Epoch {
				coming[objectOf(r.ID)]++
			}
		}
	}
	for i, n := range owners {
		switch sum := n + coming[i]; {
		case sum == 0:
			w.res.Lost++
		case sum > 1:
			w.res.Doubled++
		}
	}
}

// final looks at the world at rest: every object is somewhere once, and its
// state has made as many moves as its epoch says.
func (w *world) final() {
	found := make([]int, w.o.Objects)
	for _, s := range w.servers {
		for _, r := range s.core.Owned() {
			found[objectOf(r.ID)]++
			if s.bodies[r.ID].Hops != r.Epoch {
				w.res.Damaged++
			}
		}
	}
	for _, n := range found {
		if n == 0 {
			w.res.Lost++
		}
		w.res.Doubled += max(0, n-1)
	}
}
