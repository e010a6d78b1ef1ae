package node

import (
	"context"

	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/region"
)

// RegionRules changes or tells the rules of a region served here. They are an
// entry of the region's log.
func (b *backend) RegionRules(ctx context.Context, req *control.RegionRulesRequest) (*control.RegionRules, error) {
	w, err := b.inWorld()
	if err != nil {
		return nil, err
	}
	s, err := w.ownRegion(req.Region)
	if err != nil {
		return nil, err
	}
	if req.Copyleft != nil {
		entry := region.ControlEntry{Kind: region.ControlRules}
		if *req.Copyleft {
			entry.Rules = region.RuleCopyleft
		}
		if err := s.srv.Control(ctx, entry); err != nil {
			return nil, control.Errorf(control.Unavailable, "", "rules of %s: %w", s.rec.Name, err)
		}
	}
	out := &control.RegionRules{Region: s.rec.Name, Copyleft: s.srv.Status().Rules&region.RuleCopyleft != 0}
	if req.Copyleft != nil {
		out.Copyleft = *req.Copyleft // the status is of a tick ago
	}
	return out, nil
}
