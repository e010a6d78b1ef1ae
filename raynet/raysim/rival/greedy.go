package rival

import "github.com/metatopia/metatopia/raynet/raysim"

// route is a message on its way to the node closest to target.
type route struct {
	token  uint64
	target point
	hops   int32
	kind   uint8
}

// routeSize is the specification's frame of a routed message (version 2,
// point 12, length 4) and the token of the simulation.
const routeSize = 2 + 12 + 4 + 8

func (r *route) Size() int   { return routeSize }
func (r *route) Kind() uint8 { return r.kind }

// maxHops stops what cannot happen while every hop comes closer by the
// positions that each node believes.
const maxHops = 1000

// step takes a route that has come to a node: it ends here, or goes to the
// closest of the lists. What is returned has been sent to the node to, -1 for
// nobody.
func (r *route) step(at point, out *raysim.Out, lists ...[]contact) (sent *route, to int32) {
	if r.hops > 0 {
		out.Hop(r.token, int(r.hops))
	}
	to = int32(-1)
	d2 := at.dist2(r.target)
	for _, l := range lists {
		if i, d := closest(l, r.target, d2); i >= 0 {
			to, d2 = l[i].node, d
		}
	}
	switch {
	case to < 0:
		out.Delivered(r.token)
		return nil, -1
	case r.hops >= maxHops:
		out.Lost(r.token)
		return nil, -1
	}
	sent = &route{r.token, r.target, r.hops + 1, r.kind}
	out.Send(to, raysim.Datagram, sent)
	return sent, to
}

// sentRoutes remembers what was passed on, for protocols on connections: they
// learn that one broke and send again to another.
type sentRoutes []sentRoute

type sentRoute struct {
	r     *route
	to    int32
	until int64
}

// maxSent bounds the memory, and sentTime is longer than a connection takes to
// break.
const (
	maxSent  = 32
	sentTime = 8 * raysim.Second
)

func (s *sentRoutes) add(now int64, r *route, to int32) {
	if r == nil {
		return
	}
	for len(*s) > 0 && ((*s)[0].until < now || len(*s) >= maxSent) {
		*s = append((*s)[:0], (*s)[1:]...)
	}
	*s = append(*s, sentRoute{r, to, now + sentTime})
}

// failed takes out what was sent to a node.
func (s *sentRoutes) failed(to int32) (again []*route) {
	keep := (*s)[:0]
	for _, x := range *s {
		if x.to == to {
			again = append(again, &route{x.r.token, x.r.target, x.r.hops - 1, x.r.kind})
		} else {
			keep = append(keep, x)
		}
	}
	*s = keep
	return again
}
