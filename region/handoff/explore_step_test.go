package handoff

import (
	"slices"
)

// steps gives every state that is one step away.
func (x *explorer) steps(s *xstate, f func(xstate)) {
	apply := func(n *xstate, r int, tr xtrans) {
		n.live[r] = tr.core
		if x.disks {
			for _, m := range tr.sends {
				n.held.add(int(m))
			}
			return
		}
		n.disk[r] = tr.core
		for _, m := range tr.sends {
			n.sent.add(int(m))
		}
	}
	for r := range x.honest() {
		core := s.live[r]
		k := &x.cores[core]
		x.has = s.has[r]
		ready, open, owned := k.ready, k.open, k.owned

		n := *s
		apply(&n, r, x.run(r, core, inTick, 0, 0))
		f(n)

		for _, id := range ready {
			n := *s
			before := x.owners(s)
			tr := x.run(r, core, inRelease, int(id[15]), 0)
			apply(&n, r, tr)
			if x.liar {
				x.give(&n, s, r)
			}
			x.moved(&n, r, before, tr)
			f(n)
		}
		if s.cancels > 0 {
			for _, id := range open {
				n := *s
				n.cancels--
				apply(&n, r, x.run(r, core, inCancel, int(id[15]), 0))
				f(n)
			}
		}
		if s.begins > 0 {
			for group := 1; group < 1<<x.objects; group++ {
				all := true
				for o := range x.objects {
					all = all && (group>>o&1 == 0 || owned[o] != 0)
				}
				for to := 0; all && to < x.regions; to++ {
					if to == r {
						continue
					}
					n := *s
					n.begins--
					apply(&n, r, x.run(r, core, inBegin, group, to))
					f(n)
				}
			}
		}
		x.has = false
		if x.needs {
			x.needSteps(s, r, f)
		}
		if x.disks {
			x.diskSteps(s, r, f)
		}
		if x.raises > 0 {
			x.raiseSteps(s, r, f)
		}
	}
	s.sent.each(func(i int) {
		m := &x.msgs[i]
		if m.to >= x.honest() || !x.honestly(s, m) {
			return
		}
		before := x.owners(s)
		x.has = s.has[m.to]
		tr := x.run(m.to, s.live[m.to], inDeliver, i, 0)
		x.has = false
		n := *s
		apply(&n, m.to, tr)
		if n == *s {
			return
		}
		x.still(&n, before, m)
		f(n)
	})
}

// needSteps: a region gets what objects need, or forgets it when none of them
// is there, to come or on its way from there.
func (x *explorer) needSteps(s *xstate, r int, f func(xstate)) {
	n := *s
	if k := &x.cores[s.live[r]]; !s.has[r] {
		n.has[r] = true
	} else if s.drops > 0 && !k.needs && k.owned == [maxObjects]uint64{} {
		n.has[r] = false
		n.drops--
	} else {
		return
	}
	f(n)
}

// diskSteps: a sync lets the messages go that waited for it, a crash forgets
// them and everything since the last sync.
func (x *explorer) diskSteps(s *xstate, r int, f func(xstate)) {
	mine := func(drop *msgSet) (rest msgSet) {
		s.held.each(func(i int) {
			if x.msgs[i].from == r {
				drop.add(i)
			} else {
				rest.add(i)
			}
		})
		return rest
	}
	n := *s
	n.held = mine(&n.sent)
	n.disk[r] = n.live[r]
	if n != *s {
		f(n)
	}
	if s.crashes > 0 {
		n := *s
		var lost msgSet
		n.held = mine(&lost)
		n.live[r] = n.disk[r]
		n.crashes--
		if n.live != s.live || n.held != s.held {
			f(n)
		}
	}
}

// raiseSteps: a backup is made, and the region starts from it in a later life.
func (x *explorer) raiseSteps(s *xstate, r int, f func(xstate)) {
	if s.saved[r] == noCore && s.raises > 0 {
		n := *s
		n.saved[r] = n.live[r]
		f(n)
	}
	if s.saved[r] != noCore && s.raises > 0 {
		n := *s
		n.raises--
		was, is := &x.cores[s.live[r]], &x.cores[s.saved[r]]
		for o := range x.objects {
			n.gone[o] = n.gone[o] || (is.owned[o] == 0 && was.known[o] > is.known[o])
		}
		tr := x.run(r, s.saved[r], inRaise, int(x.raises-n.raises)+1, 0)
		n.live[r], n.disk[r] = tr.core, tr.core
		for _, m := range tr.sends {
			n.sent.add(int(m))
		}
		f(n)
	}
}

// place says whose an object is: owned there, or released to it.
type place struct {
	region uint8
	epoch  uint64
}

// owners maps the state to what it means: a place for each object. It fails
// where an object has none, or two.
func (x *explorer) owners(s *xstate) (at [maxObjects]place) {
	for o := range x.objects {
		id, n := oid(byte(o+1)), 0
		for r := range x.honest() {
			k := &x.cores[s.live[r]]
			if e := k.owned[o]; e != 0 {
				at[o] = place{uint8(r), e}
				n++
			}
			for i := range k.leaving {
				d := &k.leaving[i]
				to := int(d.To[15]) - 1
				if d.ID == id && to < x.honest() && !x.cores[s.live[to]].has(r, o, d) {
					at[o] = place{uint8(to), d.Epoch + 1}
					n++
				}
			}
		}
		if s.given[o] {
			at[o] = place{}
			continue
		}
		if x.raises == 0 && n != 1 {
			x.t.Fatalf("object %d has %d owners\n%s", o, n, x.trace(s))
		}
	}
	return at
}

// honestly: a liar can give away what it was given, and can claim to give what
// the receiver owns. That it gives out things of its own making under names of
// things elsewhere no neighbour can know.
func (x *explorer) honestly(s *xstate, m *xmsg) bool {
	if m.from < x.honest() || m.msg.Kind != Release {
		return true
	}
	for _, r := range m.msg.Items {
		if o := r.ID[15] - 1; !s.given[o] && x.cores[s.live[m.to]].owned[o] == 0 {
			return false
		}
	}
	return true
}

// give notes what a release gave to the liar.
func (x *explorer) give(n, before *xstate, r int) {
	old := x.cores[before.live[r]].leaving
	for _, d := range x.cores[n.live[r]].leaving {
		if int(d.To[15]) > x.honest() && !slices.Contains(old, d) {
			n.given[d.ID[15]-1] = true
		}
	}
}

// moved: a release gives exactly the objects of its group to the region that
// they were offered to, at the next epoch, and moves nothing else.
func (x *explorer) moved(n *xstate, r int, before [maxObjects]place, tr xtrans) {
	x.moves++
	if x.raises > 0 {
		return
	}
	after := x.owners(n)
	var to uint8
	var items []Ref
	for _, i := range tr.sends {
		if m := &x.msgs[i]; m.msg.Kind == Release {
			to, items = uint8(m.to), m.msg.Items
		}
	}
	if x.liar && items == nil {
		return // to the liar
	}
	if items == nil {
		x.t.Fatalf("a release without a message\n%s", x.trace(n))
	}
	want := before
	for _, i := range items {
		o := i.ID[15] - 1
		if want[o] = (place{to, i.Epoch + 1}); n.given[o] {
			want[o] = place{}
		}
	}
	if after != want {
		x.t.Fatalf("a release by %d turned %v into %v\n%s", r, before, after, x.trace(n))
	}
}

// still: no message moves anything.
func (x *explorer) still(n *xstate, before [maxObjects]place, m *xmsg) {
	if x.raises > 0 {
		return
	}
	if after := x.owners(n); after != before {
		x.t.Fatalf("%+v turned %v into %v\n%s", m.msg, before, after, x.trace(n))
	}
}

// check looks at a state as a whole.
func (x *explorer) check(s *xstate) {
	if x.disks {
		// Any regions may crash now: what the disks say holds as well.
		for which := range 1 << x.honest() {
			v := *s
			for r := range x.honest() {
				if which>>r&1 != 0 {
					v.live[r] = v.disk[r]
				}
			}
			x.owners(&v)
		}
	}
	if x.raises > 0 {
		x.oneEach(s)
	}
	x.settles(s)
}

// oneEach: whatever was lost and restored, no epoch has two owners.
func (x *explorer) oneEach(s *xstate) {
	for o := range x.objects {
		var seen [64]bool
		for r := range x.honest() {
			if e := x.cores[s.live[r]].owned[o]; e != 0 {
				if seen[e] {
					x.t.Fatalf("object %d has two owners at epoch %d\n%s", o, e, x.trace(s))
				}
				seen[e] = true
			}
		}
	}
}

// settles: if from now on nothing is lost, everything comes to rest, with
// everything that was under way lost as the worst start.
func (x *explorer) settles(s *xstate) {
	cores := s.live
	var path []hash128
	for round := 0; ; round++ {
		k := x.coresKey(&cores)
		if x.settled[k] {
			break
		}
		path = append(path, k)
		if round > 60 {
			x.t.Fatalf("does not settle\n%s", x.trace(s))
		}
		if !x.round(&cores) {
			x.rest(s, &cores)
			break
		}
	}
	for _, k := range path {
		x.settled[k] = true
	}
}

// round lets a tick pass everywhere and delivers all that comes of it.
func (x *explorer) round(cores *[maxRegions]uint32) (busy bool) {
	x.has = x.needs // what is asked for comes
	defer func() { x.has = false }()
	var net []uint16
	apply := func(r int, tr xtrans) {
		cores[r] = tr.core
		net = append(net, tr.sends...)
	}
	for r := range x.honest() {
		apply(r, x.run(r, cores[r], inTick, 0, 0))
		for len(net) > 0 {
			m := &x.msgs[net[0]]
			i := int(net[0])
			net = net[1:]
			if m.to >= x.honest() {
				continue
			}
			to := m.to
			apply(to, x.run(to, cores[to], inDeliver, i, 0))
			for len(x.cores[cores[to]].ready) > 0 {
				apply(to, x.run(to, cores[to], inRelease, int(x.cores[cores[to]].ready[0][15]), 0))
			}
		}
	}
	for r := range x.honest() {
		busy = busy || x.cores[cores[r]].busy
	}
	return busy
}

// rest: every object is in one place, or given to the liar.
func (x *explorer) rest(s *xstate, cores *[maxRegions]uint32) {
	v := *s
	v.live = *cores
	for o := range x.objects {
		n := 0
		for r := range x.honest() {
			k := &x.cores[cores[r]]
			if k.owned[o] != 0 || slices.ContainsFunc(k.leaving, func(d xleaving) bool { return d.ID == oid(byte(o+1)) && int(d.To[15]) > x.honest() }) {
				n++
			}
		}
		if n != 1 && !s.given[o] && !(n == 0 && s.gone[o]) {
			x.t.Fatalf("object %d is in %d places when all is settled; from\n%sto\n%s", o, n, x.trace(s), x.trace(&v))
		}
	}
}
