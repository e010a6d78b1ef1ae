package agree

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// outcome is what the rule says of a tick, from the votes alone: how many
// servers there are and which of them said what (0: nothing yet).
func outcome(votes []int) (winner int, splits bool) {
	count, missing, most := map[int]int{}, 0, 0
	for _, v := range votes {
		if v == 0 {
			missing++
			continue
		}
		count[v]++
		most = max(most, count[v])
		if 2*count[v] > len(votes) {
			winner = v
		}
	}
	return winner, winner == 0 && 2*(most+missing) <= len(votes)
}

// TestEverySmallCase runs every region of 1 to 5 servers with every vote of each
// (three answers or none) in every order of arrival (of up to 4 servers; of 5 in
// rotations), on a replica that is the first server, and compares what it finds
// with the rule.
func TestEverySmallCase(t *testing.T) {
	const tick = Every
	cases := 0
	for n := 1; n <= 5; n++ {
		total := 1
		for range n {
			total *= 4
		}
		for code := range total {
			votes := make([]int, n)
			for i, x := 0, code; i < n; i, x = i+1, x/4 {
				votes[i] = x % 4
			}
			if votes[0] == 0 {
				continue // the replica itself always votes
			}
			winner, splits := outcome(votes)
			for _, order := range orders(n) {
				cases++
				c := make1(t, config(0), voters(n))
				var mine Content
				for _, i := range order {
					if i == 0 {
						v := reach(t, c, tick, votes[0])
						mine = v.Content
						continue
					}
					if votes[i] == 0 {
						continue
					}
					x := batchOf(votes[i])
					if err := c.Vote(ballot(i, tick, x)); err != nil {
						t.Fatal(err)
					}
				}
				if mine != batchOf(votes[0]) {
					t.Fatal("the test's own content is wrong")
				}
				got := summary(c.Events())
				want := ""
				switch {
				case winner != 0:
					want = fmt.Sprintf("certified %d", winner)
					for i, v := range votes {
						if v != 0 && v != winner && i > 0 {
							want += fmt.Sprintf(" diverged %d", i)
						}
					}
					if votes[0] != winner {
						want += " minority"
					}
				case splits:
					want = "split"
				}
				if got != want || c.Halted() != (splits || winner != 0 && votes[0] != winner) {
					t.Fatalf("%d servers, votes %v, order %v: %q, not %q, halted %v", n, votes, order, got, want, c.Halted())
				}
				if winner != 0 {
					if err := c.Last().Check(voters(n).Voters, toyVerify); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
	}
	if cases < 8000 {
		t.Fatalf("%d cases", cases)
	}
}

// batchOf is the content that reach comes to with a state.
func batchOf(state int) Content {
	var b [32]byte
	for range Every {
		b = fold(b, [32]byte{1})
	}
	return Content{State: [32]byte{byte(state)}, Last: [32]byte{1}, Batch: b}
}

func summary(events []Event) string {
	var parts []string
	rank := map[EventKind]int{Certified: 0, Split: 0, Diverged: 1, Minority: 2}
	slices.SortStableFunc(events, func(a, b Event) int {
		if d := rank[a.Kind] - rank[b.Kind]; d != 0 {
			return d
		}
		return a.Server.Compare(b.Server)
	})
	for _, e := range events {
		s := e.Kind.String()
		switch e.Kind {
		case Certified:
			s += fmt.Sprintf(" %d", e.Certificate.State[0])
		case Diverged:
			s += fmt.Sprintf(" %d", e.Server[0]-1)
		}
		parts = append(parts, s)
	}
	return strings.Join(parts, " ")
}

// orders are all permutations of up to 4, and the rotations of more.
func orders(n int) (list [][]int) {
	first := make([]int, n)
	for i := range first {
		first[i] = i
	}
	if n > 4 {
		for k := range n {
			list = append(list, append(slices.Clone(first[k:]), first[:k]...))
		}
		return list
	}
	var rec func(k int)
	rec = func(k int) {
		if k == n {
			list = append(list, slices.Clone(first))
			return
		}
		for i := k; i < n; i++ {
			first[k], first[i] = first[i], first[k]
			rec(k + 1)
			first[k], first[i] = first[i], first[k]
		}
	}
	rec(0)
	return list
}
