package node

import (
	"strings"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/wire"
)

const (
	// faultPause is how long nothing more is told of a thing whose script has
	// failed, and of how many things a region may tell in that time.
	faultPause = time.Minute
	faultMost  = 12
	faultWords = 200 // bytes told of why
)

// faults are the failures of scripts that a region has told of lately. Every
// server of it tells of each, and one that lies tells what it likes.
type faults struct {
	last map[base.ID]time.Time
}

// fresh reports whether to tell of a thing now.
func (f *faults) fresh(id base.ID, now time.Time) bool {
	for k, t := range f.last { //lint:sorted each on its own
		if now.Sub(t) >= faultPause {
			delete(f.last, k)
		}
	}
	if _, ok := f.last[id]; ok || len(f.last) >= faultMost {
		return false
	}
	if f.last == nil {
		f.last = map[base.ID]time.Time{}
	}
	f.last[id] = now
	return true
}

// failed tells the person that a script of theirs has failed.
func (c *regionConn) failed(m *wire.Failed, now time.Time) {
	c.p.mu.Lock()
	ok := c.faults.fresh(m.Thing, now)
	c.p.mu.Unlock()
	if !ok {
		return
	}
	c.p.view.notice(faultText(m, c.rec.Name))
}

// faultText is one line: what a guest writes when it traps can be long.
func faultText(m *wire.Failed, region string) string {
	name := m.Name
	if strings.TrimSpace(name) == "" {
		name = "thing " + m.Thing.String()[:8]
	}
	why, _, _ := strings.Cut(strings.TrimSpace(m.Text), "\n")
	return "Your " + name + " in " + region + " failed: " + strings.ToValidUTF8(why[:min(len(why), faultWords)], "")
}
