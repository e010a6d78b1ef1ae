package physics

import "slices"

// Bodies sleep in islands: bodies that meet, directly or through others, and
// bodies that a joint binds. Nothing that cannot move joins an island. An
// island falls asleep at the end of a step when each of its bodies has been
// still for restSteps, and wakes whole when a command touches one of its
// bodies, or when a body that is awake meets one. What sleeps takes no part in
// a step: not in the search for pairs, nor in the narrow phase, nor in the
// solver.
//
// The contacts of a world are kept in two lists, each in key order: w.contacts
// of bodies of which one is awake, and w.dormant of those of which none is.
// Which list holds a contact follows from the bodies and so is not in the
// snapshot.

// unite joins the islands of a and b, unless one of them cannot move.
func (w *World) unite(i, j int32) {
	if w.solids[i].fixed() || w.solids[j].fixed() {
		return
	}
	i, j = w.root(i), w.root(j)
	w.parent[max(i, j)] = min(i, j)
}

func (w *World) root(i int32) int32 {
	for w.parent[i] != i {
		w.parent[i] = w.parent[w.parent[i]]
		i = w.parent[i]
	}
	return i
}

// islands starts the islands anew from contacts, whose indexes are those of
// this step or must be looked up. Whatever else binds bodies so that they sleep
// and wake together is united here.
func (w *World) islands(contacts []contact, indexed bool) {
	w.parent = grown(w.parent, len(w.solids))
	for i := range w.parent {
		w.parent[i] = int32(i)
	}
	for k := range contacts {
		c := &contacts[k]
		if c.a == Ground || c.sense() {
			continue
		}
		i, j := c.i, c.j
		if !indexed {
			a, _ := w.find(c.a)
			b, _ := w.find(c.b)
			i, j = int32(a), int32(b)
		}
		w.unite(i, j)
	}
	w.uniteJoined()
	w.uniteWheels()
}

// rouse wakes the islands of sleepers whose rest was broken, and brings their
// contacts back among those of the awake. It reports whether there were any.
func (w *World) rouse() bool {
	if !w.roused {
		return false
	}
	w.roused = false
	w.islands(w.dormant, false)
	w.marks = grown(w.marks, len(w.solids))
	any := false
	for i := range w.solids {
		if s := &w.solids[i]; s.asleep && s.rest < restSteps {
			w.marks[w.root(int32(i))] = true
			any = true
		}
	}
	if !any {
		return false
	}
	for i := range w.solids {
		if s := &w.solids[i]; s.asleep && w.marks[w.root(int32(i))] {
			s.asleep, s.rest = false, 0
			w.tell(EvWake, s)
		}
	}
	w.divide(&w.dormant, &w.contacts)
	return true
}

// settle lets every island sleep whose bodies all are still for long enough.
func (w *World) settle() {
	ready := false
	for _, i := range w.movers {
		ready = ready || w.solids[i].rest == restSteps
	}
	if !ready {
		return
	}
	w.islands(w.contacts, true)
	w.marks = grown(w.marks, len(w.solids)) // islands that stay awake
	for _, i := range w.movers {
		if w.solids[i].rest < restSteps {
			w.marks[w.root(i)] = true
		}
	}
	w.carry()
	slept := false
	for _, i := range w.movers {
		if s := &w.solids[i]; !w.marks[w.root(i)] {
			s.asleep = true
			s.stop()
			w.tell(EvSleep, s)
			slept = true
		}
	}
	if slept {
		w.divide(&w.contacts, &w.dormant)
	}
}

// tell reports what concerns s alone.
func (w *World) tell(kind EventKind, s *solid) {
	if !s.ghost() {
		w.events = append(w.events, Event{Kind: kind, A: s.ID, Point: s.Pos})
	}
}

// carry keeps awake what lies on a platform that moves.
func (w *World) carry() {
	for k := range w.contacts {
		c := &w.contacts[k]
		if c.a == Ground || c.sense() {
			continue
		}
		for _, p := range [2][2]int32{{c.i, c.j}, {c.j, c.i}} {
			if s := &w.solids[p[0]]; s.fixed() && s.awake() && s.rest < restSteps {
				w.marks[w.root(p[1])] = true
			}
		}
	}
}

// divide moves the contacts of from that belong into the other list there.
func (w *World) divide(from, to *[]contact) {
	wanted := from == &w.contacts
	w.prints.current = false
	w.next = w.next[:0]
	*from = slices.DeleteFunc(*from, func(c contact) bool {
		if w.live(c.key) == wanted {
			return false
		}
		c.met = -1
		w.mark(c.holder())
		w.next = append(w.next, c)
		return true
	})
	w.join(to)
}

// join merges w.next, which is in key order, into list.
func (w *World) join(list *[]contact) {
	n, m := len(*list), len(w.next)
	*list = append(*list, w.next...)
	l := *list
	for at := n + m; m > 0; {
		at--
		if n > 0 && l[n-1].key.compare(w.next[m-1].key) > 0 {
			n--
			l[at] = l[n]
		} else {
			m--
			l[at] = w.next[m]
		}
	}
}

// live reports whether a contact of that key is among those of the awake.
func (w *World) live(k key) bool {
	if k.a != Ground {
		if i, ok := w.find(k.a); ok && w.solids[i].awake() {
			return true
		}
	}
	i, ok := w.find(k.b)
	return ok && w.solids[i].awake()
}
