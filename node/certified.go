package node

import (
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/law"
	"github.com/metatopia/metatopia/node/member"
	"github.com/metatopia/metatopia/node/server"
	"github.com/metatopia/metatopia/node/world"
	"github.com/metatopia/metatopia/region/agree"
	"github.com/metatopia/metatopia/region/succession"
)

// Checkpoints that several servers make are of ticks that they vote for.
var _ [0]struct{} = [server.PointTicks % agree.Every]struct{}{}

// certify finds the certificates of the checkpoints that are offered. mu is held.
func (g *several) certify(x *watching) {
	if x == nil {
		return
	}
	x.mu.Lock()
	watch := x.watch
	x.mu.Unlock()
	for i := range g.points {
		p := &g.points[i]
		if watch == nil || len(p.Cert) > 0 {
			continue
		}
		if c, ok := watch.Certificate(p.Tick); ok {
			var e base.Encoder
			c.AppendTo(&e)
			p.Cert = e.B
		}
	}
}

// certified tells whether more than half of the voters of a region have signed
// for the state of a checkpoint. Only those count that the owner's record names:
// the record says who the servers are.
func certified(rec *world.SiteRecord, voters []base.Key, p *member.Point) bool {
	c, err := agree.ParseCertificate(p.Cert)
	if err != nil || c.Region != rec.Region() || c.Epoch != logEpoch(rec) || c.Tick != p.Tick || c.State != p.Hash || c.Last != p.Sum {
		return false
	}
	c.Signed = slices.DeleteFunc(c.Signed, func(s succession.Signed) bool { return !lists(rec, s.Server) || !slices.Contains(voters, s.Server) })
	return c.Check(voters, law.VerifyKey) == nil
}
