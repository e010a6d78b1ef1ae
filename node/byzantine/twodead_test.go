package byzantine

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"
)

// TestTwoDead kills two of four servers at once, so that nothing can go on, and
// starts one of them again: then it goes on (METATOPIA_KILLS times, or 100). How
// long that took is told, and not judged.
func TestTwoDead(t *testing.T) {
	soak(t)
	c := testCluster(t, 4)
	c.timeout = 150 * time.Millisecond // many changes of the leader, also needless ones
	c.open()
	tries, _ := strconv.Atoi(os.Getenv("METATOPIA_KILLS"))
	if tries == 0 {
		tries = 100
	}
	var took []time.Duration
	for round := range tries {
		l := c.leader()
		wait(t, "streams and the same ticks", func() bool {
			for _, s := range c.list {
				if len(s.log.Status().Streams) < 3 || s.log.Durable()+20 < l.log.Durable() {
					return false
				}
			}
			return l.log.Durable() > 20
		})
		a, b := c.list[round%4], c.list[(round%4+1+round/4%3)%4]
		pause := func(ms int) { <-time.After(time.Duration(rand.IntN(ms)) * time.Millisecond) }
		pause(20)
		a.net.kill()
		pause(1 + rand.IntN(10)) // within one change of the leader, or not
		b.net.kill()
		a.stop(true)
		b.stop(true)
		pause(1 + rand.IntN(2000))
		begin := time.Now()
		back := []*server{a, b}[round%2]
		if err := back.open(); err != nil {
			t.Fatal(err)
		}
		name := func(s *server) string { return fmt.Sprint(round, ".", s.log.Self(), ".") }
		for _, s := range c.list {
			if s.live {
				s.submit(name(s), 0, 1)
			}
		}
		for _, s := range c.list {
			for _, o := range c.list {
				if s.live && o.live {
					s.has(name(o), 1)
				}
			}
		}
		took = append(took, time.Since(begin))
		for _, s := range c.list {
			if !s.live {
				if err := s.open(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	c.same()
	slices.Sort(took)
	t.Logf("%d tries: half within %v, 9 of 10 within %v, longest %v", tries, took[tries/2], took[tries*9/10], took[tries-1])
}
