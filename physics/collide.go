package physics

// noContact is the memory of shapes that did not touch.
var noContact contact

// collide finds the contacts of the step in key order, takes over what the
// last step knew of them and prepares the joints to solve. Contacts between
// sleepers are kept as they are.
func (w *World) collide() {
	w.next, w.joints, w.late = w.next[:0], w.joints[:0], w.late[:0]
	old := w.contacts
	ground := int32(len(w.solids))
	for i := range w.solids {
		s := &w.solids[i]
		if s.static() {
			continue
		}
		for p := range uint8(planes) {
			n, offset := w.cfg.plane(p)
			if !nearPlane(s, n, offset) {
				continue
			}
			k := key{Ground, s.ID, p}
			known := w.recall(&old, k)
			if !w.awake[i] {
				w.keep(known)
				continue
			}
			m := meetPlane(n, offset, s)
			w.meet(ground, int32(i), k, &m, known)
		}
	}
	for _, p := range w.pairs {
		i, j := int32(p>>32), int32(uint32(p))
		a, b := &w.solids[i], &w.solids[j]
		k := key{a.ID, b.ID, 0}
		known := w.recall(&old, k)
		if !w.awake[i] && !w.awake[j] {
			w.keep(known)
			continue
		}
		m := meetSolids(a, b)
		w.meet(i, j, k, &m, known)
	}
	w.ended(old)
}

func meetSolids(a, b *solid) (m manifold) {
	switch {
	case a.Shape.Kind == Sphere && b.Shape.Kind == Sphere:
		return meetSpheres(a.pos(), a.Shape.Half.X, b.pos(), b.Shape.Half.X)
	case a.Shape.Kind == Sphere:
		m = meetBoxSphere(b, a.pos(), a.Shape.Half.X)
		m.flip()
		return m
	case b.Shape.Kind == Sphere:
		return meetBoxSphere(a, b.pos(), b.Shape.Half.X)
	}
	return meetBoxes(a, b)
}

// recall moves *old past k and gives the contact of that key, or nil. What it
// passes over has ended.
func (w *World) recall(old *[]contact, k key) *contact {
	n := 0
	for n < len(*old) && (*old)[n].key.compare(k) < 0 {
		n++
	}
	w.ended((*old)[:n])
	*old = (*old)[n:]
	if len(*old) == 0 || (*old)[0].key != k {
		return nil
	}
	c := &(*old)[0]
	*old = (*old)[1:]
	return c
}

func (w *World) ended(gone []contact) {
	for i := range gone {
		if gone[i].touching {
			w.endFor(gone[i].key, Ground)
		}
	}
}

// keep carries a contact of sleepers over unchanged.
func (w *World) keep(known *contact) {
	if known != nil {
		w.next = append(w.next, *known)
	}
}

// meet turns a manifold into a contact and a joint. Contacts with what cannot
// move are solved last, so that nothing is pushed into the ground.
func (w *World) meet(i, j int32, k key, m *manifold, known *contact) {
	if m.count == 0 || len(w.next) >= MaxContacts*len(w.solids) {
		if known != nil && known.touching {
			w.endFor(k, Ground)
		}
		return
	}
	if known == nil {
		known = &noContact
	}
	c := contact{key: k, touching: known.touching, count: uint8(m.count)}
	for x := range m.count {
		c.feature[x] = m.points[x].feature
	}
	if jt := w.newJoint(i, j, m, known, len(w.next)); jt.firm {
		w.late = append(w.late, jt)
	} else {
		w.joints = append(w.joints, jt)
	}
	w.next = append(w.next, c)
}
