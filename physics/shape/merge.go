package shape

import (
	"cmp"
	"slices"
)

// faces merges triangles that lie beside each other in a plane, the largest
// first, and keeps the points that are corners. Every triangle goes to exactly
// one face and every edge between two faces is found from both, so the result is
// closed whatever rounding does.
func (q *quick) faces() (*faceted, error) {
	order := make([]int, 0, len(q.tris))
	for i := range q.tris {
		if !q.tris[i].dead {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(q.tris[b].area, q.tris[a].area) })
	owner := make([]int, len(q.tris)) // face + 1
	var f faceted
	for _, i := range order {
		if owner[i] != 0 {
			continue
		}
		loop := q.flood(i, len(f.loops)+1, owner)
		if loop == nil {
			return nil, ErrDegenerate
		}
		f.loops = append(f.loops, loop)
		f.normal = append(f.normal, q.tris[i].n)
	}
	for f.simplify(len(q.points)) {
	}
	return q.number(&f)
}

// flood takes triangle seed and all that are joined to it and lie in its plane
// for face number, and gives the loop around them; nil when it is not one.
func (q *quick) flood(seed, number int, owner []int) (loop []int) {
	plane := &q.tris[seed]
	flat := func(t *tri) bool {
		for _, c := range t.c {
			if h := plane.above(q.points[c]); h > 2*q.slack || h < -2*q.slack {
				return false
			}
		}
		return true
	}
	owner[seed] = number
	members := []int{seed}
	for x := 0; x < len(members); x++ {
		for _, o := range q.tris[members[x]].over {
			if owner[o] == 0 && flat(&q.tris[o]) {
				owner[o] = number
				members = append(members, o)
			}
		}
	}
	type side struct{ a, b int }
	var rim []side
	for _, k := range members {
		t := &q.tris[k]
		for i, o := range t.over {
			if owner[o] != number {
				rim = append(rim, side{t.c[i], t.c[(i+1)%3]})
			}
		}
	}
	if len(rim) < 3 {
		return nil
	}
	for at := rim[0].a; len(loop) < len(rim); {
		loop = append(loop, at)
		next := slices.IndexFunc(rim, func(s side) bool { return s.a == at })
		at = rim[next].b
		if at == rim[0].a {
			break
		}
	}
	if len(loop) != len(rim) {
		return nil
	}
	return loop
}

// simplify drops points that only two faces share, which lie on an edge, and
// faces that shrink to an edge by that. It reports whether it changed anything.
func (f *faceted) simplify(points int) bool {
	uses := make([]int, points)
	for _, loop := range f.loops {
		for _, k := range loop {
			uses[k]++
		}
	}
	changed := false
	for i := len(f.loops) - 1; i >= 0; i-- {
		n := len(f.loops[i])
		f.loops[i] = slices.DeleteFunc(f.loops[i], func(k int) bool { return uses[k] < 3 })
		changed = changed || len(f.loops[i]) != n
		if len(f.loops[i]) < 3 {
			f.loops = slices.Delete(f.loops, i, i+1)
			f.normal = slices.Delete(f.normal, i, i+1)
			changed = true
		}
	}
	return changed
}

// number counts the corners that are left, in the order of the points, and
// checks that every one is inside every face.
func (q *quick) number(f *faceted) (*faceted, error) {
	number := make([]int, len(q.points))
	for _, loop := range f.loops {
		if len(loop) > MaxSides {
			return nil, ErrSides
		}
		for _, k := range loop {
			number[k] = 1
		}
	}
	for k := range number {
		if number[k] != 0 {
			number[k] = len(f.points)
			f.points = append(f.points, q.points[k])
		}
	}
	if len(f.points) < 4 {
		return nil, ErrDegenerate
	}
	for i, loop := range f.loops {
		for k := range loop {
			loop[k] = number[loop[k]]
		}
		for _, p := range f.points {
			if p.sub(f.points[loop[0]]).dot(f.normal[i]) > 8*q.slack {
				return nil, ErrDegenerate
			}
		}
	}
	return f, nil
}
