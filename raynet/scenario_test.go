package raynet

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/internal/sim"
	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

var rewrite = flag.Bool("rewrite", false, "write the expected output of testdata/*.txt anew")

// TestScenarios runs testdata/*.txt. A file is blocks: command lines, a line
// "----", what they print, an empty line. Lines that start with # are
// comments. Nodes are named by letters; the link takes 10 ms.
//
//	node NAME X,Y,Z [site] [leases=N]   make a node
//	up A B                              connect two nodes: PeerUp on both
//	boot A B...                         Bootstrap A with the keys of others
//	run SECONDS [messages|events]       let time pass; print what happens
//	crash A | cut A B | pose A X,Y,Z VX,VY,VZ | leave A
//	fail A B                            tell A that a send to B failed
//	find A X,Y,Z | route A X,Y,Z TEXT
//	near A | views A | counters A
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal("no scenarios", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			b, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := runScenario(t, string(b))
			if *rewrite {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			} else if got != string(b) {
				t.Errorf("the run differs; -rewrite shows how. It printed:\n%s", got)
			}
		})
	}
}

func runScenario(t *testing.T, text string) string {
	s := &scenario{t: t, q: sim.New(1), byName: map[string]int{}, cuts: map[[2]int]bool{}}
	s.net = sim.NewNet(s.q, 26, sim.Link{Latency: 10 * millisecond})
	var result strings.Builder
	for _, block := range strings.Split(strings.TrimRight(text, "\n"), "\n\n") {
		commands, _, _ := strings.Cut(block, "\n----")
		s.print = strings.Builder{}
		ran := false
		for _, line := range strings.Split(commands, "\n") {
			if line != "" && !strings.HasPrefix(line, "#") {
				s.command(strings.Fields(line))
				ran = true
			}
		}
		if result.Len() > 0 {
			result.WriteString("\n")
		}
		result.WriteString(commands + "\n")
		if ran {
			result.WriteString("----\n" + s.print.String())
		}
	}
	return result.String()
}

type scenario struct {
	t      *testing.T
	q      *sim.Queue
	net    *sim.Net
	nodes  []*Node
	names  []string
	wakes  []int64
	byName map[string]int
	cuts   map[[2]int]bool
	print  strings.Builder
	show   string
}

func (s *scenario) command(f []string) {
	one := func(i int) int {
		if i >= len(f) {
			s.t.Fatalf("%v: too few words", f)
		}
		k, ok := s.byName[f[i]]
		if !ok {
			s.t.Fatalf("%v: no node %s", f, f[i])
		}
		return k
	}
	switch f[0] {
	case "node":
		cfg := Config{Min: testBox.Min, Max: testBox.Max}
		start := Start{Epoch: 1, Pos: s.pos(f[2]), Seed: uint64(len(s.nodes))}
		for _, o := range f[3:] {
			if o == "site" {
				start.Kind = wire.Site
			} else if v, ok := strings.CutPrefix(o, "leases="); ok {
				cfg.Leases, _ = strconv.Atoi(v)
			}
		}
		key := base.Key(sha256.Sum256([]byte(f[1])))
		n, err := New(complete(s.t, cfg), key, start, &fakeEnv{})
		if err != nil {
			s.t.Fatal(err)
		}
		s.byName[f[1]] = len(s.nodes)
		s.nodes, s.names, s.wakes = append(s.nodes, n), append(s.names, f[1]), append(s.wakes, 0)
	case "up":
		s.step(one(1), PeerUp{Key: s.nodes[one(2)].id})
		s.step(one(2), PeerUp{Key: s.nodes[one(1)].id})
	case "boot":
		in := Bootstrap{}
		for i := range f[2:] {
			in.Keys = append(in.Keys, s.nodes[one(2+i)].id)
		}
		s.step(one(1), in)
	case "run":
		sec, err := strconv.ParseFloat(f[1], 64)
		if err != nil {
			s.t.Fatal(err)
		}
		s.show = strings.Join(f[2:], " ")
		s.q.RunUntil(s.q.Now() + int64(sec*float64(second)))
		s.show = ""
	case "crash":
		s.net.Crash(one(1))
	case "cut":
		s.cuts[[2]int{one(1), one(2)}] = true
		s.cuts[[2]int{one(2), one(1)}] = true
	case "pose":
		v := strings.Split(f[3], ",")
		vel := [3]float32{}
		for i := range vel {
			x, _ := strconv.ParseFloat(v[i], 32)
			vel[i] = float32(x)
		}
		s.step(one(1), SetPose{Pos: s.pos(f[2]), Vel: spatial.Vec{X: vel[0], Y: vel[1], Z: vel[2]}})
	case "fail":
		s.step(one(1), SendFailed{s.nodes[one(2)].id})
	case "leave":
		s.step(one(1), Leave{})
	case "find":
		s.show = "results"
		s.step(one(1), Find{Target: s.pos(f[2])})
		s.q.RunUntil(s.q.Now() + 5*second)
		s.show = ""
	case "route":
		s.show = "results"
		s.step(one(1), Route{Target: s.pos(f[2]), Payload: []byte(f[3])})
		s.q.RunUntil(s.q.Now() + 5*second)
		s.show = ""
	case "near":
		for _, p := range s.byNameOrder(s.nodes[one(1)].Near()) {
			s.printf("%s %s %v live=%v\n", s.name(p.Key), p.Kind, p.Pos, p.Live)
		}
	case "views":
		n := s.nodes[one(1)]
		s.printf("near %s\nlong %s\nrandom %s\n", s.list(n.Near()), s.list(n.Long()), s.list(n.Random()))
		s.printf("passive %s\n", s.list(n.infos(n.passive)))
	case "counters":
		v := reflect.ValueOf(s.nodes[one(1)].Counters())
		for i := range v.NumField() {
			if x := v.Field(i).Uint(); x > 0 {
				s.printf("%s=%d ", v.Type().Field(i).Name, x)
			}
		}
		s.printf("\n")
	default:
		s.t.Fatalf("unknown command %v", f)
	}
}

func (s *scenario) printf(format string, a ...any) { fmt.Fprintf(&s.print, format, a...) }

func (s *scenario) pos(word string) spatial.Pos {
	var c [3]float64
	for i, w := range strings.SplitN(word, ",", 3) {
		v, err := strconv.ParseFloat(w, 64)
		if err != nil {
			s.t.Fatal(err)
		}
		c[i] = v
	}
	return spatial.At(c[0], c[1], c[2])
}

func (s *scenario) name(k base.Key) string {
	for i, n := range s.nodes {
		if n.id == k {
			return s.names[i]
		}
	}
	return k.Short()
}

func (s *scenario) byNameOrder(in []NeighbourInfo) []NeighbourInfo {
	slices.SortFunc(in, func(a, b NeighbourInfo) int { return strings.Compare(s.name(a.Key), s.name(b.Key)) })
	return in
}

func (s *scenario) list(in []NeighbourInfo) string {
	var names []string
	for _, p := range s.byNameOrder(in) {
		names = append(names, s.name(p.Key))
	}
	return strings.Join(names, " ")
}

func (s *scenario) step(i int, in Input) {
	if s.net.Down(i) {
		return
	}
	at := func() string { return fmt.Sprintf("%.3f %s", float64(s.q.Now())/float64(second), s.names[i]) }
	var out Outbox
	s.nodes[i].Step(s.q.Now(), in, &out)
	for _, e := range out.Effects {
		switch e := e.(type) {
		case *Send:
			to := slices.IndexFunc(s.nodes, func(n *Node) bool { return n.id == e.To })
			if s.show == "messages" {
				s.printf("%s>%s %s\n", at(), s.names[to], s.describe(e.Msg))
			}
			if !s.cuts[[2]int{i, to}] {
				from := s.nodes[i].id
				s.net.Send(i, to, wire.Append(nil, e.Msg), func(b []byte) { s.step(to, Recv{from, b}) })
			}
		case WakeAt:
			s.wakes[i] = e.T
			s.q.At(e.T, func() {
				if s.wakes[i] == e.T {
					s.step(i, Tick{})
				}
			})
		case Event:
			if s.show == "messages" || s.show == "events" {
				s.printf("%s event %s %s\n", at(), e.Kind, s.name(e.Key))
			}
		case Dial:
			if s.show == "messages" {
				s.printf("%s dial %s\n", at(), s.name(e.Key))
			}
		case Deliver:
			s.printf("%s delivers %q from %s\n", at(), e.Payload, s.name(e.From))
		case RouteLost:
			s.printf("%s route lost\n", at())
		case Found:
			var names []string
			for _, c := range e.Closest {
				names = append(names, s.name(c.Key))
			}
			s.printf("%s found %s ok=%v\n", at(), strings.Join(names, " "), e.OK)
		}
	}
}

// describe is one message in a few words.
func (s *scenario) describe(m wire.Message) string {
	entries := func(es []wire.Entry) string {
		var names []string
		for _, e := range es {
			names = append(names, s.name(e.Record.Key))
		}
		return " [" + strings.Join(names, " ") + "]"
	}
	ids := func(of func(i int) wire.ShortID, n int) string {
		var names []string
		for i := range n {
			for k, node := range s.nodes {
				if wire.ShortOf(node.id) == of(i) {
					names = append(names, s.names[k])
				}
			}
		}
		return " (" + strings.Join(names, " ") + ")"
	}
	text := m.Type().String()
	switch m := m.(type) {
	case *wire.Shuffle:
		text += entries(m.Entries)
	case *wire.NearOffer:
		if m.Reply {
			text += " reply"
		}
		text += fmt.Sprintf(" seq=%d", m.Self.Record.Stamp.Seq) + ids(func(i int) wire.ShortID { return m.Hints[i].ID }, len(m.Hints))
	case *wire.NearWant:
		text += ids(func(i int) wire.ShortID { return m.IDs[i] }, len(m.IDs))
	case *wire.NearGive:
		text += entries(m.Entries)
	case *wire.NearSub:
		text += fmt.Sprintf(" have=%d", m.Have.Seq)
	case *wire.Closer:
		text += entries(m.Entries)
	case *wire.Closure:
		text += ids(func(i int) wire.ShortID { return m.Winners[i] }, len(m.Winners))
	case *wire.ClosureRep:
		text += entries(m.Entries)
	case *wire.PingReq:
		text += " " + s.name(m.Target)
	case *wire.PingAck:
		text += " " + s.name(m.Target)
	case *wire.Move:
		text += fmt.Sprintf(" %v", m.Pos)
	}
	return text
}
