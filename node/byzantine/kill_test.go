package byzantine

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"
)

// TestKills kills the leader again and again and tells how long the others were
// without a tick (METATOPIA_KILLS times, or 20).
func TestKills(t *testing.T) {
	soak(t)
	c := testCluster(t, 4)
	c.timeout = defaultTimeout
	c.open()
	kills, _ := strconv.Atoi(os.Getenv("METATOPIA_KILLS"))
	if kills == 0 {
		kills = 20
	}
	var took []time.Duration
	for round := range kills {
		l := c.leader()
		wait(t, "streams and the same ticks", func() bool {
			for _, s := range c.list {
				if len(s.log.Status().Streams) < 3 || s.log.Durable()+20 < l.log.Durable() {
					return false
				}
			}
			return l.log.Durable() > 20
		})
		begin := time.Now()
		l.stop(true)
		for _, s := range c.list {
			if s != l {
				s.submit(fmt.Sprint(round, ".", s.log.Self(), "."), 0, 1)
			}
		}
		for _, s := range c.list {
			for _, o := range c.list {
				if s != l && o != l {
					s.has(fmt.Sprint(round, ".", o.log.Self(), "."), 1)
				}
			}
		}
		took = append(took, time.Since(begin))
		if took[round] > 2*time.Second {
			t.Logf("kill %d took %v", round, took[round])
		}
		if err := l.open(); err != nil {
			t.Fatal(err)
		}
	}
	c.same()
	slices.Sort(took)
	t.Logf("%d kills: half within %v, 99 of 100 within %v, longest %v", kills, took[kills/2], took[kills*99/100], took[kills-1])
}
