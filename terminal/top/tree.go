package top

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/metatopia/metatopia/node/control"
)

// order is what a list is sorted by.
type order int

const (
	byCPU order = iota
	byMemory
	byMailbox
	byName
)

func (o order) String() string { return [...]string{"cpu", "memory", "mailbox", "name"}[o] }

// asked is the order that the node is asked for; it knows no names.
func (o order) asked() string {
	if o == byName {
		return "pid"
	}
	return o.String()
}

func orderOf(name string) order {
	for _, o := range []order{byMemory, byMailbox, byName} {
		if o.String() == name {
			return o
		}
	}
	return byCPU
}

// row is a process in its place in the tree.
type row struct {
	control.Process
	share  float64 // percent of one core
	branch string  // the lines before the name
}

func (o order) weight(p *control.Process, share float64) float64 {
	switch o {
	case byMemory:
		return float64(p.Memory)
	case byMailbox:
		return float64(p.Mailbox)
	case byCPU:
		return share
	}
	return 0
}

// matches says whether a person who typed filter means p.
func matches(p *control.Process, filter string) bool {
	text := fmt.Sprint(p.PID, " ", clean(p.Name), " ", p.Kind, " ", p.State, " ", p.Module, " ", p.On, " ", p.For)
	return strings.Contains(strings.ToLower(text), strings.ToLower(filter))
}

// arrange makes the tree: everyone below who spawned it, and of those with one
// parent the one first that has, itself or below it, the most. A filter leaves
// those that match and those above them.
func arrange(ps []control.Process, share map[uint64]float64, by order, filter string) []row {
	ps = slices.Clone(ps)
	slices.SortFunc(ps, func(a, b control.Process) int { return cmp.Compare(a.PID, b.PID) })
	at := make(map[uint64]int, len(ps))
	for i := range ps {
		at[ps[i].PID] = i
	}
	// A parent has a lower number than what it spawned, so that going down the
	// list meets each process before its parent, and there are no circles.
	parent := func(i int) int {
		if j, ok := at[ps[i].Parent]; ok && j < i {
			return j
		}
		return -1
	}
	most, shown := make([]float64, len(ps)), make([]bool, len(ps))
	for i := len(ps) - 1; i >= 0; i-- {
		most[i] = max(most[i], by.weight(&ps[i], share[ps[i].PID]))
		shown[i] = shown[i] || filter == "" || matches(&ps[i], filter)
		if j := parent(i); j >= 0 {
			most[j] = max(most[j], most[i])
			shown[j] = shown[j] || shown[i]
		}
	}
	below := make(map[int][]int)
	for i := range ps {
		if shown[i] {
			below[parent(i)] = append(below[parent(i)], i)
		}
	}
	for _, of := range below {
		slices.SortFunc(of, func(a, b int) int {
			if by == byName {
				if c := cmp.Compare(ps[a].Name, ps[b].Name); c != 0 {
					return c
				}
			}
			return cmp.Or(cmp.Compare(most[b], most[a]), cmp.Compare(a, b))
		})
	}
	var rows []row
	var walk func(of []int, before string, root bool)
	walk = func(of []int, before string, root bool) {
		for n, i := range of {
			branch, next := before+"\u251c\u2500", before+"\u2502 "
			if n == len(of)-1 {
				branch, next = before+"\u2514\u2500", before+"  "
			}
			if root {
				branch, next = "", ""
			}
			rows = append(rows, row{ps[i], share[ps[i].PID], tail(branch, maxTree)})
			walk(below[i], tail(next, maxTree), false)
		}
	}
	walk(below[-1], "", true)
	return rows
}

// tail is the end of what draws the tree: a deep one leaves room for names.
func tail(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return "\u2026" + string(r[len(r)-n+1:])
}
