package region

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// Where the owner takes servers for accountable (T2), what a server brings into
// the log names it and carries its signature: control entries and border
// messages travel inside an entry of kind EntryVouched. The signature covers
// vouchDomain, region 16, and the body without the signature, so that it is
// worth nothing elsewhere, and the number rises, so that it is worth nothing
// twice. Inputs are not vouched for: their players sign them.

const (
	vouchDomain = "metatopia/region/vouch/1\n"
	// vouchBytes is what vouching adds to an entry's body.
	vouchBytes = 32 + 8 + 1 + 16 + 4 + 64
)

// ServerID is what control entries of a server come from.
func ServerID(k base.Key) base.ID { return base.DeriveID("region server", k[:]) }

// vouched is the body of an entry that a server has signed. Layout: server 32,
// number u64, kind u8, from 16, body bytes, signature 64.
type vouched struct {
	server base.Key
	number uint64
	inner  Entry
	msg    []byte // what is signed
	sig    []byte
}

// Vouch signs an entry for a server. number must be above that of all entries
// which the server has vouched for. Inputs stay as they are.
func Vouch(region base.ID, server base.Key, number uint64, x Entry, sign func(msg []byte) []byte) Entry {
	if x.Kind != EntryControl && x.Kind != EntryBorder {
		return x
	}
	if x.Kind == EntryControl {
		x.From = ServerID(server)
	}
	var e base.Encoder
	e.Key(server)
	e.U64(number)
	e.U8(uint8(x.Kind))
	e.ID(x.From)
	e.Bytes(x.Body)
	sig := sign(vouchMessage(region, e.B))
	e.Raw(sig)
	return Entry{Kind: EntryVouched, From: x.From, Seq: x.Seq, Body: e.B}
}

func vouchMessage(region base.ID, b []byte) []byte {
	var e base.Encoder
	e.Raw([]byte(vouchDomain))
	e.ID(region)
	e.Raw(b)
	return e.B
}

// parseVouched reads what a server has signed; who it is and whether it has is
// not checked.
func parseVouched(region base.ID, b []byte) (v vouched, err error) {
	d := base.NewDecoder(b)
	v.server, v.number = d.Key(), d.U64()
	v.inner = Entry{Kind: EntryKind(d.U8()), From: d.ID(), Body: d.Bytes(MaxBorder)}
	v.sig = d.Raw(64)
	if d.Err() == nil && v.inner.Kind != EntryControl && v.inner.Kind != EntryBorder {
		d.Fail(fmt.Errorf("nobody vouches for kind %d", v.inner.Kind))
	}
	if d.Err() == nil && v.inner.Kind == EntryControl && v.inner.From != ServerID(v.server) {
		d.Fail(fmt.Errorf("entry of another server"))
	}
	if err := d.Done(); err != nil {
		return vouched{}, fmt.Errorf("region: parse vouched entry: %w", err)
	}
	v.msg = vouchMessage(region, b[:len(b)-64])
	return v, nil
}

// Bare is the entry that a server vouches for, or x itself.
func Bare(x Entry) Entry {
	if x.Kind != EntryVouched {
		return x
	}
	v, err := parseVouched(base.ID{}, x.Body)
	if err != nil {
		return x
	}
	v.inner.Seq = x.Seq
	return v.inner
}

// heed gives the entries of a batch that count, bare. Where servers are
// accountable what none of them vouches for is refused, and a record that its
// maker has not signed counts as one without entries. What the owner has signed
// counts always: without it a region whose servers are all new could not go on.
func (s *Sim) heed(b *Batch) []Entry {
	strict := s.roster.trust != 0
	list := make([]Entry, 0, len(b.Entries))
	signs := make([]vouched, 0, len(b.Entries)) // of list, where there are any
	whole := !strict || s.roster.cut(b, s.cfg.Verify, s.cfg.ID)
	for i := range b.Entries {
		x := b.Entries[i]
		var v vouched
		if x.Kind == EntryVouched {
			var err error
			if v, err = parseVouched(s.cfg.ID, x.Body); err != nil {
				s.refuse(&x)
				continue
			}
			v.inner.Seq = x.Seq
			x = v.inner
		}
		owners := x.Kind == EntryControl && len(x.Body) > 0 && ControlKind(x.Body[0]) == ControlTerms
		if strict && !owners && (!whole || x.Kind != EntryInput && v.sig == nil) {
			s.refuse(&x)
			continue
		}
		if owners {
			v = vouched{}
		}
		list, signs = append(list, x), append(signs, v)
	}
	// Who has a module each server says for itself, whatever they are taken for.
	var voices []base.Key
	if !strict {
		if !slices.ContainsFunc(list, func(x Entry) bool { return Tells(&x) }) {
			return list
		}
		voices = s.voices()
	}
	fits := make([]bool, len(list))
	s.cfg.Parallel(len(list), func(i int) {
		v := &signs[i]
		switch {
		case strict:
			fits[i] = v.sig == nil || s.roster.counts(v.server, s.tick) && s.cfg.Verify(v.server, v.msg, v.sig)
		case Tells(&list[i]):
			fits[i] = v.sig != nil && slices.Contains(voices, v.server) && s.cfg.Verify(v.server, v.msg, v.sig)
		default:
			fits[i] = true
		}
	})
	if !strict {
		return s.keep(list, fits)
	}
	order := make([]int, len(list))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(signs[a].number, signs[b].number) })
	for _, i := range order {
		fits[i] = fits[i] && (signs[i].sig == nil || s.roster.next(signs[i].server, signs[i].number))
	}
	return s.keep(list, fits)
}

// keep refuses what does not fit.
func (s *Sim) keep(list []Entry, fits []bool) []Entry {
	out := list[:0]
	for i := range list {
		if fits[i] {
			out = append(out, list[i])
			continue
		}
		s.refuse(&list[i])
	}
	return out
}

// Tells says whether an entry, bare, is a server's word about a module.
func Tells(x *Entry) bool {
	return x.Kind == EntryControl && len(x.Body) > 0 && ControlKind(x.Body[0]) == ControlHave
}

// Loads names the modules that have to be ready before the next batch is made: most
// servers say that they have them, or an entry that counts says so for the only one.
// What so many do not vouch for costs no server a search for a module that may not
// exist.
func (s *Sim) Loads(b *Batch) (names []string) {
	for _, v := range s.verdicts() {
		if v.why == "" {
			names = append(names, s.modules[v.i].Name)
		}
	}
	if s.several(b) {
		return names
	}
	whole, judged := true, s.roster.trust == 0
	for i := range b.Entries {
		x := &b.Entries[i]
		e := Bare(*x)
		if e.Kind != EntryControl || len(e.Body) == 0 || ControlKind(e.Body[0]) != ControlModule {
			continue
		}
		c, err := ParseControl(e.Body)
		if err != nil || c.Text != "" {
			continue
		}
		if !judged {
			whole, judged = s.roster.cut(b, s.cfg.Verify, s.cfg.ID), true
		}
		if s.roster.trust != 0 && (!whole || !s.vouchedFor(x, b.Tick)) {
			continue
		}
		names = append(names, c.Module)
	}
	return names
}

// vouchedFor tells whether a server that counts at a tick has signed an entry. It
// may have a number that is used up.
func (s *Sim) vouchedFor(x *Entry, now base.Tick) bool {
	if x.Kind != EntryVouched {
		return false
	}
	v, err := parseVouched(s.cfg.ID, x.Body)
	return err == nil && s.roster.counts(v.server, now) && s.cfg.Verify(v.server, v.msg, v.sig)
}

func (s *Sim) refuse(x *Entry) {
	s.out.Counts.Refused++
	if x.Kind == EntryControl || x.Kind == EntryVouched {
		s.out.Failed = append(s.out.Failed, x.Seq)
	}
}
