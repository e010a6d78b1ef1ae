package access

import (
	"bytes"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

// model is what the rules come to, written as plainly as possible: by names, in
// maps, without codes.
type model struct {
	role    map[string]Role
	listed  map[string]bool
	inviter map[string]string
	muted   map[string]base.Tick
	kicked  map[string]base.Tick
	pruned  map[string]bool
	set     Settings
	locked  bool
	inside  map[string]base.Tick // tickets
}

func (m *model) roleOf(p *place, n string) Role {
	if p.Admin(key(n)) {
		return Admin
	}
	if r := m.role[n]; r != None {
		return r
	}
	return m.set.Default
}

func (m *model) banned(p *place, n string) bool {
	if p.rights.Banned(key(n)) {
		return true
	}
	for n != "" && !p.Admin(key(n)) {
		if m.pruned[n] {
			return true
		}
		n = m.inviter[n]
	}
	return false
}

func (m *model) enters(p *place, n string) bool {
	if m.banned(p, n) {
		return false
	}
	r := m.roleOf(p, n)
	if r == Admin {
		return true
	}
	if m.kicked[n] > p.now || m.set.May[r-Guest]&Enter == 0 {
		return false
	}
	if m.listed[n] {
		return true
	}
	until, ok := m.inside[n]
	return !m.set.Whitelist && (!m.locked || ok && until >= p.now)
}

func (m *model) under(n, root string) bool {
	for ; n != ""; n = m.inviter[n] {
		if n == root {
			return true
		}
	}
	return false
}

// command says whether it counts, and does it.
func (m *model) command(p *place, by string, x Entry, who string) bool {
	mine, theirs := m.roleOf(p, by), m.roleOf(p, who)
	may := func(c Cap) bool { return mine == Admin || m.set.May[mine-Guest]&c != 0 }
	above := mine == Admin && !(p.Senior(key(who), key(by))) || mine != Admin && theirs < mine
	if m.banned(p, by) {
		return false
	}
	switch x.Kind {
	case Assign:
		if mine != Admin {
			return false
		}
		m.role[who] = x.Role
	case List:
		if mine != Admin || m.listed[who] == x.On {
			return false
		}
		m.listed[who] = x.On
	case Bring:
		if !may(Invite) || !m.enters(p, by) || x.Role > mine || who == by || m.inviter[who] != "" || theirs == Admin || m.under(by, who) || m.banned(p, who) {
			return false
		}
		m.inviter[who], m.listed[who] = by, true
		if m.role[who] == None {
			m.role[who] = x.Role
		}
	case Expel:
		if !may(Kick) || who == by || !above {
			return false
		}
		m.kicked[who] = p.now + KickTicks
	case Silence:
		if !may(Mute) || who == by || !above {
			return false
		}
		m.muted[who] = Forever
		if x.For > 0 {
			m.muted[who] = p.now + base.Tick(x.For)
		}
	case Unsilence:
		if !may(Mute) || who == by || !above || m.muted[who] <= p.now {
			return false
		}
		m.muted[who] = 0
	case Prune:
		if mine != Admin || m.pruned[who] == x.On || x.On && (who == by || theirs == Admin) {
			return false
		}
		m.pruned[who] = x.On
	case Configure:
		if mine != Admin {
			return false
		}
		m.set = x.Settings
	case SetSecret:
		if mine != Admin {
			return false
		}
		m.locked, m.inside = len(x.Record) > 0, map[string]base.Tick{}
	}
	return true
}

// TestRandomCommands does random things beside the model; a second state goes
// through its bytes now and then.
func TestRandomCommands(t *testing.T) {
	names := []string{"alice", "bob", "tim", "a", "b", "c", "d", "e", "f"}
	counted := 0
	seeds := uint64(60)
	if testing.Short() {
		seeds = 10 // once more under the race detector, and on arm64
	}
	for seed := range seeds {
		p, r := begin(t), base.NewRand(seed, 1)
		m := &model{role: map[string]Role{}, listed: map[string]bool{}, inviter: map[string]string{}, muted: map[string]base.Tick{},
			kicked: map[string]base.Tick{}, pruned: map[string]bool{}, set: DefaultSettings, inside: map[string]base.Tick{}}
		replica := p.Clone()
		for step := range 400 {
			p.now += base.Tick(r.IntN(3 * Minute))
			switch r.IntN(12) {
			case 0:
				n := names[2+r.IntN(len(names)-2)]
				p.banned[n] = !p.banned[n]
			case 1:
				p.temp = []string{"", "tim"}[r.IntN(2)]
				if p.banned["tim"] {
					p.temp = ""
				}
			case 2:
				n := names[r.IntN(len(names))]
				tk := p.ticket(n)
				err := p.admit(tk)
				_ = replica.Apply(tk.Bytes(), p.now, p.rights)
				want := m.locked && !m.banned(p, n) && m.inside[n] != p.now+Hour
				if (err == nil) != want {
					t.Fatalf("seed %d step %d: ticket of %s: %v, want %v", seed, step, n, err, want)
				}
				if want {
					m.inside[n] = p.now + Hour
				}
			default:
				by, who := names[r.IntN(len(names))], names[r.IntN(len(names))]
				x := Entry{Kind: Kind(1 + r.IntN(int(SetSecret))), Player: key(who), Role: Role(r.IntN(int(Admin))), On: r.IntN(2) == 0, For: uint64(r.IntN(10 * Minute))}
				x.Settings = Settings{Default: Role(1 + r.IntN(3)), Whitelist: r.IntN(4) == 0}
				for i := range x.Settings.May {
					x.Settings.May[i] = Cap(r.Uint32()) & giveable
				}
				if r.IntN(2) == 0 {
					x.Record = record()
				}
				b := p.entry(by, x)
				err := p.Apply(b, p.now, p.rights)
				if again := replica.Apply(b, p.now, p.rights); (err == nil) != (again == nil) {
					t.Fatalf("seed %d step %d: %v here, %v there", seed, step, err, again)
				}
				if want := m.command(p, by, x, who); (err == nil) != want {
					t.Fatalf("seed %d step %d: %s does %v (%s, %v, %v) to %s: %v, want %v", seed, step, by, x.Kind, x.Role, x.On, x.For, who, err, want)
				}
				if err == nil {
					counted++
				}
			}
			for _, n := range names {
				if got := p.MayEnter(key(n), p.now, p.rights) == OK; got != m.enters(p, n) {
					t.Fatalf("seed %d step %d: %s enters: %v", seed, step, n, p.MayEnter(key(n), p.now, p.rights))
				}
				if got := p.Muted(key(n), p.now); got != (m.muted[n] > p.now) {
					t.Fatalf("seed %d step %d: %s muted: %v", seed, step, n, got)
				}
			}
			if step%50 == 0 {
				replica = through(t, replica)
			}
		}
		if !bytes.Equal(encode(p.State), encode(replica)) {
			t.Fatalf("seed %d: a replica differs", seed)
		}
	}
	if counted < 15*int(seeds) {
		t.Fatalf("only %d commands counted", counted)
	}
}

func encode(s *State) []byte {
	var e base.Encoder
	s.AppendTo(&e)
	return e.B
}

func through(t testing.TB, s *State) *State {
	d := base.NewDecoder(encode(s))
	out := Read(d, verify)
	if err := d.Done(); err != nil {
		t.Fatal(err)
	}
	return out
}

func FuzzEntry(f *testing.F) {
	p := begin(f)
	for k := Assign; k < Admit; k++ {
		f.Add(p.entry("alice", Entry{Kind: k, Player: key("zoe"), Text: "why", Record: record(), Settings: DefaultSettings}))
	}
	x := p.ticket("zoe")
	f.Add(x.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := Parse(b)
		if err != nil {
			return
		}
		if !bytes.Equal(x.Bytes(), b) {
			t.Fatalf("%x\n%x", b, x.Bytes())
		}
		_ = begin(t).Apply(b, 100, p.rights)
	})
}

func FuzzState(f *testing.F) {
	p := begin(f)
	f.Add(encode(p.State))
	p.yes(p.do("alice", Entry{Kind: SetSecret, Record: record()}))
	p.yes(p.do("alice", Entry{Kind: Silence, Player: key("zoe"), Text: "no"}))
	p.yes(p.attempt("zoe", 1))
	x := p.ticket("zoe")
	p.yes(p.admit(x))
	p.yes(p.attempt("mia", 1))
	f.Add(encode(p.State))
	f.Fuzz(func(t *testing.T, b []byte) {
		d := base.NewDecoder(b)
		s := Read(d, verify)
		if d.Done() != nil {
			return
		}
		if !bytes.Equal(encode(s), b) {
			t.Fatal("read and written, it differs")
		}
	})
}
