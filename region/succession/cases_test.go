package succession

import (
	"fmt"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

// TestCases are the cases that the rules are made for; docs/protocol/succession.md
// names them. X is VacantDays, Y is ActiveDays.
func TestCases(t *testing.T) {
	for i, c := range []struct {
		name string
		run  func(t *testing.T)
	}{
		{"the story of Bob and Charlie", func(t *testing.T) {
			w := charlieAndBob(t, 30, 7)
			w.days(25)
			w.yes(w.login("bob"))
			w.days(4)
			w.temp("") // day 29 without the admin
			w.days(1)
			w.temp("bob") // day X: charlie was not seen for Y days
			w.days(1)
			w.yes(w.login("bob"))
			w.days(5)
			w.yes(w.login("bob"))
			w.days(3)
			w.temp("bob")
			w.yes(w.login("charlie")) // who joined before bob
			w.temp("charlie")
			w.no(w.command(Ban, "bob", "dave"), ErrRight)
			w.yes(w.command(Ban, "charlie", "dave"))
		}},
		{"the last second before X", func(t *testing.T) {
			w := charlieAndBob(t, 2, 5)
			w.days(1)
			for range 47 {
				w.beat(1_800_000)
			}
			w.beat(1_799_000)
			w.temp("")
			w.beat(1000)
			w.temp("charlie")
		}},
		{"the last second before Y", func(t *testing.T) {
			w := charlieAndBob(t, 1, 3)
			w.days(1)
			for range 47 {
				w.beat(1_800_000)
			}
			w.beat(1_799_000)
			w.temp("charlie")
			w.beat(1000)
			w.temp("bob")
		}},
		{"what the temporary admin does does not count as the admin's", func(t *testing.T) {
			w := charlieAndBob(t, 2, 30)
			w.days(2)
			w.temp("charlie")
			w.yes(w.command(Ban, "charlie", "x"))
			w.yes(w.login("charlie"))
			w.temp("charlie")
		}},
		{"the admin returns", func(t *testing.T) {
			w := charlieAndBob(t, 2, 30)
			w.days(3)
			w.temp("charlie")
			w.yes(w.login("alice"))
			w.temp("")
			w.no(w.command(Ban, "charlie", "x"), ErrRight)
			w.days(1)
			w.temp("")
			w.days(1)
			w.temp("charlie") // X again in full
		}},
		{"the oldest goes, the next one holds", func(t *testing.T) {
			w := charlieAndBob(t, 5, 3)
			w.days(5)
			w.temp("")
			w.yes(w.login("charlie"))
			w.temp("charlie")
			w.days(2)
			w.yes(w.login("bob"))
			w.temp("charlie")
			w.days(1)
			w.temp("bob")
		}},
		{"nobody active, then the first who comes", func(t *testing.T) {
			w := charlieAndBob(t, 5, 2)
			w.days(9)
			w.temp("")
			w.yes(w.login("zoe"))
			w.temp("zoe")
		}},
		{"the temporary admin makes himself permanent", func(t *testing.T) {
			w := charlieAndBob(t, 5, 3)
			w.days(5)
			w.yes(w.login("bob"))
			w.yes(w.command(Appoint, "bob", "bob"))
			w.temp("")
			w.yes(w.login("charlie"))
			w.temp("")
			w.no(w.command(Ban, "charlie", "x"), ErrRight)
		}},
		{"seniority", func(t *testing.T) {
			w := charlieAndBob(t, 5, 30)
			w.days(5)
			w.no(w.command(Remove, "charlie", "alice"), ErrSenior)
			w.no(w.command(Ban, "charlie", "alice"), ErrSenior)
			w.yes(w.command(Appoint, "charlie", "charlie"))
			w.no(w.command(Remove, "charlie", "alice"), ErrSenior)
			w.yes(w.login("alice"))
			w.yes(w.command(Remove, "alice", "charlie"))
		}},
		{"the banned do not hold and do not come in", func(t *testing.T) {
			w := charlieAndBob(t, 5, 30)
			w.yes(w.command(Ban, "alice", "charlie"))
			w.days(5)
			w.temp("bob")
			w.no(w.login("charlie"), ErrBanned)
			w.temp("bob")
		}},
		{"an unban gives the standing back", func(t *testing.T) {
			w := charlieAndBob(t, 5, 30)
			w.yes(w.command(Ban, "alice", "charlie"))
			w.days(5)
			w.temp("bob")
			w.yes(w.command(Unban, "bob", "charlie"))
			w.temp("charlie")
		}},
		{"a login that is sent again", func(t *testing.T) {
			w := charlieAndBob(t, 5, 3)
			first := w.log[0] // charlie's
			w.days(5)
			w.no(w.raw(first), ErrReplay)
			w.temp("")
		}},
		{"the admin was on the smaller side of a partition", func(t *testing.T) {
			w := charlieAndBob(t, 5, 30)
			w.days(3)
			head := w.Head()
			w.days(2)
			w.temp("charlie")
			w.yes(w.do(Entry{Kind: Login, By: key("alice"), Head: head}))
			w.temp("")
			w.days(2)
			w.temp("")
			w.days(1)
			w.temp("charlie") // X days after the head that was signed
		}},
		{"a login that names a head to come, or another log's", func(t *testing.T) {
			w := charlieAndBob(t, 5, 30)
			h := w.Head()
			h.Index += 100
			w.no(w.do(Entry{Kind: Login, By: key("alice"), Head: h}), ErrHead)
			h = w.Head()
			h.Sum[0]++
			w.no(w.do(Entry{Kind: Login, By: key("alice"), Head: h}), ErrHead)
		}},
		{"a clock that goes back", func(t *testing.T) {
			w := charlieAndBob(t, 5, 30)
			before := w.Time()
			w.no(w.clocks(w.Servers(), -5000, -5000, -9000), ErrClock)
			w.no(w.clocks(w.Servers(), 0, 0, 0), ErrClock)
			if w.Time() != before {
				t.Error("time went on")
			}
		}},
		{"one server is 400 days fast", func(t *testing.T) {
			w := charlieAndBob(t, 5, 30)
			before := w.Wall()
			w.yes(w.clocks(w.Servers(), 60_000, 60_000, 400*Day))
			if w.Wall() != before+60_000 {
				t.Error("it moved the time")
			}
			w.temp("")
		}},
		{"all clocks jump by 400 days", func(t *testing.T) {
			w := charlieAndBob(t, 5, 30)
			before := w.Time()
			w.beat(400 * Day)
			if w.Time() != before+gap {
				t.Error("it counts for more than an hour")
			}
			w.temp("")
		}},
		{"the region is down for a year", func(t *testing.T) {
			w := charlieAndBob(t, 5, 30)
			w.beat(365 * Day)
			w.yes(w.login("bob"))
			w.temp("")
			w.days(5)
			w.temp("charlie") // who was not seen, but no month of the region has passed
		}},
		{"too few clocks", func(t *testing.T) {
			w := charlieAndBob(t, 5, 30)
			w.no(w.clocks(w.Servers(), 9000), ErrQuorum)
			w.no(w.clocks([]base.Key{w.Servers()[0], w.Servers()[0]}, 9000, 9000), ErrEntry)
			w.no(w.clocks(servers("s1", "x"), 9000, 9000), ErrServer)
		}},
		{"a thousand sybils", func(t *testing.T) {
			w := charlieAndBob(t, 5, 30)
			for i := range 1000 {
				w.yes(w.login(fmt.Sprint("sybil ", i)))
			}
			w.days(5)
			w.temp("charlie")
		}},
		{"guests do not age", func(t *testing.T) {
			w := begin(t, 5, 30)
			w.yes(w.do(Entry{Kind: Login, By: key("guest"), Guest: true}))
			w.yes(w.login("bob"))
			w.yes(w.login("alice"))
			w.days(5)
			w.temp("bob")
			w.yes(w.login("guest")) // a player from now on, younger than bob
			w.temp("bob")
		}},
		{"two admins", func(t *testing.T) {
			w := charlieAndBob(t, 5, 30)
			w.yes(w.command(Appoint, "alice", "bob"))
			w.days(3)
			w.yes(w.login("bob"))
			w.days(4)
			w.temp("")
			w.days(1)
			w.temp("charlie")
		}},
		{"two come at once, in either order", func(t *testing.T) {
			for _, order := range [][]string{{"bob", "charlie"}, {"charlie", "bob"}} {
				w := charlieAndBob(t, 5, 2)
				w.days(5)
				for _, p := range order {
					w.yes(w.login(p))
				}
				w.temp("charlie")
			}
		}},
		{"who will not, and the last admin who resigns", func(t *testing.T) {
			w := charlieAndBob(t, 5, 30)
			w.yes(w.do(Entry{Kind: Opt, By: key("charlie"), Out: true}))
			w.yes(w.do(Entry{Kind: Resign, By: key("alice")}))
			w.temp("bob") // at once
			w.yes(w.do(Entry{Kind: Opt, By: key("charlie")}))
			w.temp("charlie")
		}},
		{"settings", func(t *testing.T) {
			w := charlieAndBob(t, 30, 30)
			w.days(10)
			w.no(w.do(Entry{Kind: Set, By: key("charlie"), Settings: Settings{VacantDays: 1, ActiveDays: 30}}), ErrRight)
			w.temp("")
			w.yes(w.login("alice"))
			w.yes(w.do(Entry{Kind: Set, By: key("alice"), Settings: Settings{VacantDays: 2, ActiveDays: 30}}))
			w.temp("")
			w.days(2)
			w.temp("charlie")
			w.no(w.do(Entry{Kind: Set, By: key("charlie"), Settings: Settings{ActiveDays: 1}}), ErrValue)
		}},
		// Not of the 25 that the rules were made for.
		{"two servers of five are fast, and bring one honest clock", func(t *testing.T) {
			g := genesis(5, 30)
			g.Servers = servers("s1", "s2", "s3", "s4", "s5")
			s, err := New(g, verify)
			if err != nil {
				t.Fatal(err)
			}
			w := &world{State: s, t: t}
			before := w.Wall()
			w.yes(w.clocks(w.Servers()[:3], 60_000, 400*Day, 400*Day))
			if w.Wall() != before+60_000 {
				t.Error("they moved the time")
			}
			w.yes(w.clocks(w.Servers(), 60_000, 60_000, 60_000, 400*Day, 400*Day))
			if w.Wall() != before+120_000 {
				t.Error("they moved the time")
			}
		}},
		{"a crowd fills the region, and somebody is banned", func(t *testing.T) {
			w := begin(t, 5, 30)
			for i := range MaxJoined {
				w.known(base.Key{byte(i >> 8), byte(i)})
			}
			w.no(w.login("eve"), ErrFull)
			w.yes(w.command(Ban, "alice", "eve"))
			w.yes(w.login("alice"))
		}},
	} {
		t.Run(fmt.Sprintf("%02d %s", i+1, c.name), c.run)
	}
}
