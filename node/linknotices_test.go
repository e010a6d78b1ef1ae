package node

import (
	"testing"
	"time"

	"github.com/metatopia/metatopia/region"
)

// TestLinkNotices: each state is told once, and its end; what flaps is told
// again after a while only.
func TestLinkNotices(t *testing.T) {
	var n linkNotices
	now := time.Unix(1e9, 0)
	for i, c := range []struct {
		got  string
		told bool
	}{
		{n.otherServer("Commons", now), true},
		{n.otherServer("Commons", now.Add(time.Second)), false},
		{n.otherServer("Commons", now.Add(linkNoticePause)), true},
		{n.found("Commons"), false},
		{n.lost("Commons"), true},
		{n.lost("Commons"), false},
		{n.found("Commons"), true},
		{n.found("Commons"), false},
		{n.answered("Commons", region.OK, now), false},
		{n.answered("Commons", region.Frozen, now), true},
		{n.answered("Commons", region.Frozen, now.Add(time.Second)), false},
		{n.answered("Commons", region.Busy, now.Add(time.Second)), false},
		{n.answered("Commons", region.Frozen, now.Add(linkNoticePause)), true},
		{n.answered("Commons", region.OK, now.Add(linkNoticePause)), true},
		{n.answered("Commons", region.OK, now.Add(linkNoticePause)), false},
	} {
		if (c.got != "") != c.told {
			t.Errorf("%d: %q", i, c.got)
		}
	}
}
