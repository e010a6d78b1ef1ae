package node

import (
	"time"

	"github.com/metatopia/metatopia/region"
)

// linkNoticePause is how long the person is told nothing more of the same about a
// region's servers: one that comes and goes would fill the screen.
const linkNoticePause = 20 * time.Second

// linkNotices are what a person is told of the servers of the region that they
// are in: another one is shown, none answers, or too few do. Guarded by
// player.mu.
type linkNotices struct {
	switched, frozen time.Time // when that was told
	silent, still    bool      // that is how it stands
}

// otherServer tells that the region goes on at another server.
func (n *linkNotices) otherServer(name string, now time.Time) string {
	if now.Sub(n.switched) < linkNoticePause {
		return ""
	}
	n.switched = now
	return "Another server of " + name + " shows it to you now: the one before fell silent."
}

// lost tells that no server answers, and found that one does again.
func (n *linkNotices) lost(name string) string {
	if n.silent {
		return ""
	}
	n.silent = true
	return name + " does not answer any more: your node keeps trying."
}

func (n *linkNotices) found(name string) string {
	if !n.silent {
		return ""
	}
	n.silent = false
	return name + " answers again."
}

// answered tells, by the answer to an input, that the region stands still, and
// that it goes on.
func (n *linkNotices) answered(name string, code region.Code, now time.Time) string {
	switch {
	case code == region.Frozen && (!n.still || now.Sub(n.frozen) >= linkNoticePause):
		n.still, n.frozen = true, now
		return name + " stands still: too few of its servers reach one another."
	case code == region.OK && n.still:
		n.still = false
		return name + " goes on."
	}
	return ""
}

// say tells the person something about the region that they are in. p.mu is held.
func (c *regionConn) say(words string) {
	if words != "" && c.p.owner == c.id && c.p.conns[c.id] == c {
		c.p.view.notice(words)
	}
}
