package handoff

import (
	"os"
	"testing"
)

// explorations are the ones that every test run makes, and soakExplorations
// the ones that METATOPIA_SOAK adds. docs/protocol/handoff.md has their sizes.
var explorations = map[string]exploration{
	"two regions, one object":                        {regions: 2, objects: 1, homes: []int{0}, begins: 3, cancels: 1},
	"two regions, a group":                           {regions: 2, objects: 2, homes: []int{0, 0}, begins: 2, cancels: 1},
	"two regions, one object each":                   {regions: 2, objects: 2, homes: []int{0, 1}, begins: 2, cancels: 1},
	"three regions, one object":                      {regions: 3, objects: 1, homes: []int{0}, begins: 2, cancels: 1},
	"three regions, a group":                         {regions: 3, objects: 2, homes: []int{0, 0}, begins: 2, cancels: 1},
	"three regions, two objects":                     {regions: 3, objects: 2, homes: []int{0, 1}, begins: 2, cancels: 1},
	"crashes":                                        {regions: 2, objects: 1, homes: []int{0}, begins: 1, disks: true, crashes: 2},
	"a group and crashes":                            {regions: 2, objects: 2, homes: []int{0, 0}, begins: 1, disks: true, crashes: 1},
	"an old log":                                     {regions: 2, objects: 1, homes: []int{0}, begins: 1, raises: 1},
	"an old log among three":                         {regions: 3, objects: 1, homes: []int{0}, begins: 1, raises: 1},
	"an old log and a group":                         {regions: 2, objects: 2, homes: []int{0, 0}, begins: 1, raises: 1},
	"an old log, two hand-offs, in part":             {regions: 2, objects: 1, homes: []int{0}, begins: 2, raises: 1, enough: 100_000},
	"an old log among three, two hand-offs, in part": {regions: 3, objects: 1, homes: []int{0}, begins: 2, raises: 1, enough: 100_000},
	"shapes":                         {regions: 2, objects: 1, homes: []int{0}, begins: 1, cancels: 1, needs: true, drops: 1},
	"shapes of a group":              {regions: 2, objects: 2, homes: []int{0, 0}, begins: 1, needs: true, drops: 1},
	"shapes among three":             {regions: 3, objects: 1, homes: []int{0}, begins: 2, needs: true},
	"shapes and crashes":             {regions: 2, objects: 1, homes: []int{0}, begins: 1, disks: true, crashes: 1, needs: true},
	"two regions that forget":        {regions: 2, objects: 2, homes: []int{0, 0}, begins: 2, cancels: 1, forgets: true},
	"three regions that forget":      {regions: 3, objects: 1, homes: []int{0}, begins: 3, forgets: true},
	"a liar beside the owner":        {regions: 3, objects: 1, homes: []int{0}, begins: 1, liar: true, lied: []int{0}, rounds: 2},
	"a liar beside the receiver":     {regions: 3, objects: 1, homes: []int{0}, begins: 1, liar: true, lied: []int{1}, rounds: 2},
	"a liar beside the owner of two": {regions: 3, objects: 2, homes: []int{0, 0}, begins: 1, liar: true, lied: []int{0}, rounds: 1},
}

var soakExplorations = map[string]exploration{
	"two regions, one object, four hand-offs": {regions: 2, objects: 1, homes: []int{0}, begins: 4, cancels: 1},
	"two regions, a group, three hand-offs":   {regions: 2, objects: 2, homes: []int{0, 0}, begins: 3, cancels: 1},
	"three regions, one object, four":         {regions: 3, objects: 1, homes: []int{0}, begins: 4},
	"three regions, a group, three":           {regions: 3, objects: 2, homes: []int{0, 0}, begins: 3},
	"three regions, two objects, three":       {regions: 3, objects: 2, homes: []int{0, 1}, begins: 3},
	"crashes, two hand-offs":                  {regions: 2, objects: 1, homes: []int{0}, begins: 2, disks: true, crashes: 4},
	"an old log, two hand-offs":               {regions: 2, objects: 1, homes: []int{0}, begins: 2, raises: 1},
	"an old log among three, two, in part":    {regions: 3, objects: 1, homes: []int{0}, begins: 2, raises: 1, enough: 5_000_000},
	"two old logs":                            {regions: 2, objects: 1, homes: []int{0}, begins: 1, raises: 2},
	"shapes, two hand-offs":                   {regions: 2, objects: 1, homes: []int{0}, begins: 2, cancels: 1, needs: true, drops: 2},
	"a liar beside the owner, two":            {regions: 3, objects: 1, homes: []int{0}, begins: 2, liar: true, lied: []int{0}, rounds: 2},
	"a liar beside the receiver, two":         {regions: 3, objects: 1, homes: []int{0}, begins: 2, liar: true, lied: []int{1}, rounds: 2},
}

// TestEveryState looks at every state that can be reached, whatever is lost,
// doubled, delayed or reordered: one owner for every object, on disk and in
// memory; groups whole; nothing moved but by a release; and from everywhere a
// way to rest.
func TestEveryState(t *testing.T) {
	run := func(list map[string]exploration) {
		for name, e := range list {
			t.Run(name, func(t *testing.T) {
				e.limit = 12_000_000
				x := explore(t, e, nil)
				t.Logf("%s: %d states, %d steps, %d releases, %d steps deep; %d core states, %d messages", name, x.states, x.edges, x.moves, x.deepest, len(x.cores), len(x.msgs))
				if x.moves == 0 {
					t.Error("nothing was handed over")
				}
			})
		}
	}
	run(explorations)
	if os.Getenv("METATOPIA_SOAK") != "" {
		run(soakExplorations)
	}
}

// TestCrashesAddNothing: what the disks hold after crashes at any moment is
// what they can hold without one, so the explorations without disks hold those
// with crashes, however many.
func TestCrashesAddNothing(t *testing.T) {
	e := exploration{regions: 2, objects: 1, homes: []int{0}, begins: 1}
	without := map[hash128]bool{}
	explore(t, e, func(x *explorer, s *xstate) { without[x.onDisk(s)] = true })
	e.disks, e.crashes = true, 3
	with := map[hash128]bool{}
	explore(t, e, func(x *explorer, s *xstate) {
		k := x.onDisk(s)
		if with[k] = true; !without[k] {
			t.Fatalf("only a crash leads to\n%s", x.trace(s))
		}
	})
	if len(with) != len(without) {
		t.Fatalf("%d states on disk with crashes, %d without", len(with), len(without))
	}
}

// onDisk names what is on disk and what has left.
func (x *explorer) onDisk(s *xstate) hash128 {
	v := xstate{live: s.disk, disk: s.disk, saved: s.saved, sent: s.sent}
	old := x.disks
	x.disks = false
	defer func() { x.disks = old }()
	return x.key(&v)
}
