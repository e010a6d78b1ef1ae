package node

import (
	"context"

	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/region"
)

// RegionRules changes or tells the rules of a region, whoever serves it. They are
// an entry of the region's log that an admin signs.
func (b *backend) RegionRules(ctx context.Context, req *control.RegionRulesRequest) (*control.RegionRules, error) {
	w, id, name, err := b.inRegion(req.Region)
	if err != nil {
		return nil, err
	}
	if req.Copyleft != nil {
		entry := region.ControlEntry{Kind: region.ControlRules}
		if *req.Copyleft {
			entry.Rules = region.RuleCopyleft
		}
		if _, err := w.act(ctx, id, entry); err != nil {
			return nil, err
		}
		return &control.RegionRules{Region: name, Copyleft: *req.Copyleft}, nil // what a server says is of a tick ago
	}
	st, err := w.doorStatus(ctx, id)
	if err != nil {
		return nil, accessError(err)
	}
	return &control.RegionRules{Region: name, Copyleft: region.Rules(st.Rules)&region.RuleCopyleft != 0}, nil
}
