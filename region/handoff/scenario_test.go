package handoff

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/internal/golden"
	"github.com/metatopia/metatopia/internal/scenario"
)

var rewrite = golden.Rewrite

// TestScenarios runs the files of testdata. A line is a command, the indented
// lines below it are what happened; # starts a comment.
//
//	regions a=CAPACITY b=CAPACITY ...
//	own a x EPOCH       a founds object x
//	begin a x+y b       a wants x and y to go to b, together
//	hold a              a does not release before it is told to
//	release a x         what was asked for before
//	bytes N             how long states are, from here on
//	yield a x           x gives way to a higher epoch
//	save a, restore a   a's state is put aside, and is a's state again
//	raise a LIFE        a begins a later life
//	cancel a x          x came back; wishes of its group are forgotten
//	withdraw a x        x's group is not what should go: cancel, and begin what was wished for
//	drop a x            x ceases to be
//	tick a N            N ticks pass in a
//	deliver [N]         the oldest N messages on the way arrive (default: all, and what they cause)
//	lose N, double N    the N-th message on the way
//	keep N              the N-th message is put aside
//	replay              what was put aside arrives, and stays
//	show                who owns what
func TestScenarios(t *testing.T) {
	scenario.Run(t, "testdata/*.txt", *rewrite, play)
}

type stageHand struct {
	t     *testing.T
	names map[base.ID]string
	ids   map[string]base.ID
	cores map[string]*Core
	order []string
	now   map[string]base.Tick
	net   []mail
	kept  []mail
	saved map[string][]byte
	holds map[string]bool // who does not release at once
	bytes int             // of state
	out   strings.Builder
}

func play(t *testing.T, script string) string {
	s := &stageHand{t: t, names: map[base.ID]string{}, ids: map[string]base.ID{}, cores: map[string]*Core{}, now: map[string]base.Tick{},
		saved: map[string][]byte{}, holds: map[string]bool{}}
	for line := range strings.Lines(script) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "  ") {
			continue
		}
		s.out.WriteString(line + "\n")
		if f := strings.Fields(line); len(f) > 0 && f[0] != "#" {
			s.do(f)
		}
	}
	return s.out.String()
}

func (s *stageHand) say(format string, args ...any) { fmt.Fprintf(&s.out, "  "+format+"\n", args...) }

func (s *stageHand) id(name string) base.ID {
	if id, ok := s.ids[name]; ok {
		return id
	}
	id := base.ID{0: byte(len(s.ids) + 1), 15: name[0]}
	s.ids[name], s.names[id] = id, name
	return id
}

func (s *stageHand) do(f []string) {
	num := func(i, def int) int {
		if len(f) <= i {
			return def
		}
		n, err := strconv.Atoi(f[i])
		if err != nil {
			s.t.Fatalf("%v: %v", f, err)
		}
		return n
	}
	switch f[0] {
	case "regions":
		for _, x := range f[1:] {
			name, room, _ := strings.Cut(x, "=")
			n, _ := strconv.Atoi(room)
			c, err := New(Config{Self: s.id(name), Capacity: n, Times: quick})
			if err != nil {
				s.t.Fatal(err)
			}
			s.cores[name] = c
			s.order = append(s.order, name)
		}
	case "own":
		if err := s.cores[f[1]].Own(s.id(f[2]), uint64(num(3, 1))); err != nil {
			s.say("error: %s", s.plain(err.Error()))
		}
	case "begin":
		if err := s.cores[f[1]].Begin(s.now[f[1]], s.id(f[3]), 10, s.list(f[2])...); err != nil {
			s.say("error: %s", s.plain(err.Error()))
		}
		s.effects(f[1])
	case "hold":
		s.holds[f[1]] = true
	case "release":
		s.release(f[1], s.id(f[2]))
		s.effects(f[1])
	case "bytes":
		s.bytes = num(1, 0)
	case "yield":
		s.cores[f[1]].Yield(s.id(f[2]))
	case "save":
		s.saved[f[1]] = s.cores[f[1]].Snapshot(nil)
	case "restore":
		c, err := Restore(s.cores[f[1]].cfg, s.saved[f[1]])
		if err != nil {
			s.t.Fatal(err)
		}
		s.cores[f[1]] = c
	case "raise":
		var all []base.ID
		for _, n := range s.order {
			all = append(all, s.id(n))
		}
		if err := s.cores[f[1]].Raise(s.now[f[1]], uint64(num(2, 2)), all...); err != nil {
			s.say("error: %s", s.plain(err.Error()))
		}
		s.effects(f[1])
	case "cancel":
		s.cores[f[1]].Cancel(s.now[f[1]], s.id(f[2]))
		s.effects(f[1])
	case "withdraw":
		c := s.cores[f[1]]
		i := slices.IndexFunc(c.wishes, func(w wish) bool { return w.has(s.id(f[2])) })
		w := c.wishes[i]
		c.Cancel(s.now[f[1]], s.id(f[2]))
		if err := c.Begin(s.now[f[1]], w.To, 10, w.IDs...); err != nil {
			s.say("error: %s", s.plain(err.Error()))
		}
		s.effects(f[1])
	case "drop":
		s.cores[f[1]].Drop(s.now[f[1]], s.id(f[2]))
		s.effects(f[1])
	case "tick":
		for range num(2, 1) {
			s.now[f[1]]++
			s.cores[f[1]].Tick(s.now[f[1]])
			s.effects(f[1])
		}
	case "deliver":
		for n := num(1, 1<<30); n > 0 && len(s.net) > 0; n-- {
			m := s.net[0]
			s.net = s.net[1:]
			s.arrive(m)
		}
	case "lose":
		i := num(1, 1) - 1
		s.net = append(s.net[:i], s.net[i+1:]...)
	case "double":
		s.net = append(s.net, s.net[num(1, 1)-1])
	case "keep":
		s.kept = append(s.kept, s.net[num(1, 1)-1])
	case "replay":
		for _, m := range s.kept {
			s.arrive(m)
		}
	case "show":
		for _, n := range s.order {
			c := s.cores[n]
			var owns []string
			for _, name := range sortedNames(s.ids) {
				if e, ok := c.Owns(s.ids[name]); ok {
					owns = append(owns, fmt.Sprintf("%s@%d", name, e))
				}
			}
			s.say("%s owns [%s], room %d, limbo %d", n, strings.Join(owns, " "), c.Room(), c.Limbo())
		}
	default:
		s.t.Fatalf("unknown command %v", f)
	}
}

// release answers a DoRelease with a state as long as the script wants it.
func (s *stageHand) release(name string, id base.ID) {
	state := "state of " + s.names[id]
	if s.bytes > 0 {
		state = strings.Repeat("x", s.bytes)
	}
	if err := s.cores[name].Release(s.now[name], id, []byte(state)); err != nil {
		s.say("error: %s", s.plain(err.Error()))
	}
}

func brief(state []byte) string {
	if len(state) > 40 {
		return fmt.Sprintf("%d bytes", len(state))
	}
	return fmt.Sprintf("%q", state)
}

func (s *stageHand) replaced(ids []base.ID) string {
	if ids == nil {
		return ""
	}
	var names []string
	for _, id := range ids {
		names = append(names, s.names[id])
	}
	return " in place of " + strings.Join(names, "+")
}

// list reads a group, "x" or "x+y+z".
func (s *stageHand) list(names string) []base.ID {
	var ids []base.ID
	for n := range strings.SplitSeq(names, "+") {
		ids = append(ids, s.id(n))
	}
	return ids
}

func (s *stageHand) refs(list []Ref) string {
	var out []string
	for _, r := range list {
		out = append(out, fmt.Sprintf("%s@%d", s.names[r.ID], r.Epoch))
	}
	return strings.Join(out, "+")
}

func sortedNames(m map[string]base.ID) []string {
	var names []string
	for n := range m {
		names = append(names, n)
	}
	for i := range names {
		for j := i + 1; j < len(names); j++ {
			if names[j] < names[i] {
				names[i], names[j] = names[j], names[i]
			}
		}
	}
	return names
}

func (s *stageHand) plain(text string) string {
	for id, n := range s.names {
		text = strings.ReplaceAll(text, id.String(), n)
	}
	return text
}

func (s *stageHand) arrive(m mail) {
	to := s.names[m.to]
	s.say("%s <- %s: %s", to, s.names[m.from], s.text(m.msg))
	if err := s.cores[to].Handle(s.now[to], m.from, m.msg); err != nil {
		s.say("error: %s", s.plain(err.Error()))
	}
	s.effects(to)
}

func (s *stageHand) text(m Msg) string {
	out := m.Kind.String()
	if m.Life != 1 || m.Of != 1 {
		out += fmt.Sprintf(" life=%d of=%d", m.Life, m.Of)
	}
	if m.N < 1<<60 {
		out += fmt.Sprintf(" n=%d", m.N)
	}
	out += " " + s.refs(m.Items)
	if m.Floor != 0 {
		out += fmt.Sprintf(" floor=%d", m.Floor)
	}
	if m.Reason != 0 {
		out += fmt.Sprintf(" reason=%d", m.Reason)
	}
	if m.Mask != 0 {
		out += fmt.Sprintf(" mask=%b", m.Mask)
	}
	if m.Parts > 1 {
		return out + fmt.Sprintf(" part %d of %d, %d bytes", m.Part+1, m.Parts, len(m.State))
	}
	if m.State != nil {
		out += fmt.Sprintf(" %q", m.State)
	}
	return out
}

func (s *stageHand) effects(name string) {
	c := s.cores[name]
	for {
		list := c.Effects()
		if len(list) == 0 {
			return
		}
		for _, e := range list {
			switch e.Kind {
			case DoSend:
				s.say("%s -> %s: %s", name, s.names[e.Peer], s.text(e.Msg))
				s.net = append(s.net, mail{from: s.id(name), to: e.Peer, msg: e.Msg})
			case DoRelease:
				if s.holds[name] {
					s.say("%s may release %s", name, s.refs(e.Items))
					continue
				}
				s.say("%s releases %s", name, s.refs(e.Items))
				s.release(name, e.Items[0].ID)
			case DoAccept:
				s.say("%s takes over %s with %s%s", name, s.refs(e.Items), brief(e.State), s.replaced(e.Replaced))
			case DoSettle:
				s.say("%s knows that %s arrived", name, s.refs(e.Items))
			case DoGiveUp:
				s.say("%s keeps %s, reason %d", name, s.refs(e.Items), e.Reason)
			case DoPrepared:
				s.say("%s expects %s", name, s.refs(e.Items))
			case DoRenew:
				s.say("%s has %s from now on", name, s.refs(e.Items))
			case DoStale:
				s.say("%s loses %s, known at a higher epoch", name, s.refs(e.Items))
			}
		}
	}
}
