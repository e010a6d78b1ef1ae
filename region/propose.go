package region

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/metatopia/metatopia/internal/base"
)

// Operator says what a proposal does to a slot of another thing. Numbers are
// what scripts use and what "lost" tells: extend at the end.
type Operator uint8

const (
	OpAdd    Operator = iota + 1 // Int: added, modulo 2^64
	OpMax                        // Int: the greater
	OpMin                        // Int: the less
	OpOr                         // Int or Bool: bits or truth
	OpInsert                     // Text: a line of a sorted text without doubles
	OpClaim                      // any: of several the one of the lowest rank is written
	OpCas                        // any: a claim that counts only when the slot is Expect
	OpDelete                     // the slot goes, whatever else is proposed
	opTxn                        // in a declaration only: transactions may write it
	ops
)

var opNames = [ops]string{OpAdd: "add", OpMax: "max", OpMin: "min", OpOr: "or", OpInsert: "insert", OpClaim: "claim", OpCas: "cas", OpDelete: "delete", opTxn: "txn"}

func (o Operator) String() string {
	if o > 0 && o < ops {
		return opNames[o]
	}
	return fmt.Sprintf("operator %d", uint8(o))
}

// SlotOpen is a text that declares what others' things may propose to slots of
// this one: "votes:add seat:claim,cas board:insert,shared any:*". "shared": a
// write of the thing itself does not keep the tick's proposals from it. Things
// of one owner may propose anything to each other, but for one that a neighbour brought.
const SlotOpen = "open"

// Proposal is a change of a slot that the script's thing does not own. It takes
// effect at the end of the tick, with those of others.
type Proposal struct {
	Thing  base.ID
	Slot   string
	Op     Operator
	Value  SlotValue
	Expect SlotValue // OpCas; SlotNone: no such slot
}

func (p *Proposal) check() error {
	if err := (SlotWrite{p.Slot, p.Value}).Check(); err != nil {
		return err
	}
	want := SlotNone
	switch p.Op {
	case OpAdd, OpMax, OpMin:
		want = SlotInt
	case OpOr:
		if p.Value.Type == SlotBool {
			return nil
		}
		want = SlotInt
	case OpInsert:
		if strings.Contains(p.Value.Text, "\n") || p.Value.Text == "" {
			return fmt.Errorf("proposal to insert what is not one line")
		}
		want = SlotText
	case OpClaim:
		if p.Value.Type != SlotNone {
			return nil
		}
		want = SlotInt // nothing cannot be claimed: see OpDelete
	case OpCas:
		return (SlotWrite{p.Slot, p.Expect}).Check()
	case OpDelete:
	default:
		return fmt.Errorf("proposal with %s", p.Op)
	}
	if p.Value.Type != want {
		return fmt.Errorf("proposal to %s a slot of type %s", p.Op, p.Value.Type)
	}
	return nil
}

// declared finds in a thing's declaration whether others may do op to a slot,
// and whether the slot is shared.
func (t *Thing) declared(slot string, op Operator) (open, shared bool) {
	v, ok := t.Slots.Get(SlotOpen)
	if !ok || v.Type != SlotText {
		return false, false
	}
	for f := range strings.FieldsSeq(v.Text) {
		name, list, _ := strings.Cut(f, ":")
		if name != slot {
			continue
		}
		for o := range strings.SplitSeq(list, ",") {
			open = open || o == "*" || op > 0 && op < ops && o == opNames[op]
			shared = shared || o == "shared"
		}
	}
	return open, shared
}

// may reports whether a script of from may do op to a slot of to.
func may(from, to *Thing, slot string, op Operator) bool {
	if provenance(slot) || slot == SlotOpen {
		return false
	}
	open, _ := to.declared(slot, op)
	return open || from.ID == to.ID || !to.Owner.IsZero() && from.speaksFor() == to.Owner
}

// mayNot tells a thing's owner that its script did what it may not do.
func (s *Sim) mayNot(from *Thing, what, slot string, to base.ID) {
	why := ""
	if t := s.thing(to); from.Brought && t != nil && t.Owner == from.Owner {
		why = ": a neighbour brought it, and its owner has not taken it here"
	}
	s.fault(from, "may not %s slot %s of %v%s", what, slot, to, why)
}

// proposed is a proposal with who made it.
type proposed struct {
	*Proposal
	from *Thing
	rank uint64
	n    int // of its actor in this tick
}

// written are the slots that things wrote themselves in this tick, sorted.
type written []slotKey

type slotKey struct {
	Thing base.ID
	Slot  string
}

func (a slotKey) compare(b slotKey) int {
	return cmp.Or(a.Thing.Compare(b.Thing), strings.Compare(a.Slot, b.Slot))
}

func (w written) has(k slotKey) bool {
	_, ok := slices.BinarySearchFunc(w, k, slotKey.compare)
	return ok
}

// slotRank orders who contends for a slot in this tick.
func slotRank(r uint64, k slotKey, from base.ID) uint64 {
	h := rank(r, k.Thing, from)
	for i := range len(k.Slot) {
		h = h<<8 ^ h>>56 ^ uint64(k.Slot[i])
	}
	return mix(h)
}

// settleProposals carries out the tick's proposals, slot by slot. Within one
// the order is: claims and cas, of which the lowest rank wins; then add, max,
// min, or, insert, each of which gives the same in any order; a delete voids
// all of them.
func (s *Sim) settleProposals(list []proposed, own written) {
	for i := range list {
		p := &list[i]
		p.rank = slotRank(s.r, slotKey{p.Thing, p.Slot}, p.from.ID)
	}
	slices.SortFunc(list, func(a, b proposed) int {
		return cmp.Or(slotKey{a.Thing, a.Slot}.compare(slotKey{b.Thing, b.Slot}), cmp.Compare(a.rank, b.rank), a.from.ID.Compare(b.from.ID), cmp.Compare(a.n, b.n))
	})
	for len(list) > 0 {
		k := slotKey{list[0].Thing, list[0].Slot}
		n := 1
		for n < len(list) && list[n].Thing == k.Thing && list[n].Slot == k.Slot {
			n++
		}
		s.settleSlot(k, list[:n], own.has(k))
		list = list[n:]
	}
}

// settleSlot carries out the proposals to one slot, sorted by rank.
func (s *Sim) settleSlot(k slotKey, list []proposed, own bool) {
	t := s.thing(k.Thing)
	if t == nil {
		for i := range list {
			s.lose(&list[i])
		}
		return
	}
	before, _ := t.Slots.Get(k.Slot)
	v, gone, claimed := before, false, false
	_, shared := t.declared(k.Slot, 0)
	shut := own && !shared
	if own && before.Type == SlotNone {
		shut = true // its own delete beats everything
	}
	ok := func(p *proposed) bool {
		if may(p.from, t, k.Slot, p.Op) {
			return true
		}
		s.mayNot(p.from, p.Op.String(), k.Slot, k.Thing)
		return false
	}
	var lines []string
	for i := range list {
		p := &list[i]
		switch {
		case !ok(p) || shut:
			s.lose(p)
		case p.Op == OpDelete:
			gone = true
		case p.Op == OpClaim || p.Op == OpCas && (SlotWrite{"", before}).equal(SlotWrite{"", p.Expect}):
			if claimed {
				s.lose(p)
				continue
			}
			v, claimed = p.Value, true
		case p.Op == OpCas:
			s.lose(p)
		}
	}
	if shut {
		return
	}
	for i := range list {
		p := &list[i]
		if p.Op >= OpClaim || !may(p.from, t, k.Slot, p.Op) {
			continue
		}
		switch {
		case gone:
			s.lose(p)
		case p.Op == OpInsert && (v.Type == SlotText || v.Type == SlotNone):
			lines = append(lines, p.Value.Text)
		case !combine(&v, p):
			s.lose(p)
		}
	}
	if gone {
		v = SlotValue{}
	} else if lines != nil {
		v = TextSlot(inserted(v.Text, lines))
	}
	s.change(t, SlotWrite{k.Slot, v}, before)
}

// combine does one of the operators for which the order does not matter. It is
// false when the slot holds something of another type.
func combine(v *SlotValue, p *proposed) bool {
	if v.Type == SlotNone {
		*v = p.Value
		return true
	}
	if v.Type != p.Value.Type {
		return false
	}
	switch p.Op {
	case OpAdd:
		v.Int += p.Value.Int
	case OpMax:
		v.Int = max(v.Int, p.Value.Int)
	case OpMin:
		v.Int = min(v.Int, p.Value.Int)
	case OpOr:
		v.Int |= p.Value.Int
		v.Bool = v.Bool || p.Value.Bool
	default:
		return false
	}
	return true
}

// inserted is a text of lines, each once and in order, with more of them. When
// not all fit those that were there stay, then the first of the new ones.
func inserted(text string, more []string) string {
	var set []string
	if text != "" {
		set = strings.Split(text, "\n")
	}
	slices.Sort(set)
	set = slices.Compact(set)
	slices.Sort(more)
	size := len(text)
	for _, l := range more {
		if i, ok := slices.BinarySearch(set, l); !ok && size+len(l)+1 <= MaxSlotValue {
			set = slices.Insert(set, i, l)
			size += len(l) + 1
		}
	}
	return strings.Join(set, "\n")
}

// change writes a slot of a thing at the end of the actors' turns, when it
// differs and fits.
func (s *Sim) change(t *Thing, w SlotWrite, before SlotValue) bool {
	if w.equal(SlotWrite{w.Name, before}) {
		return true
	}
	slots, err := t.Slots.With(w)
	if err != nil {
		return false
	}
	n := *t
	n.Slots = slots
	s.put(&n)
	s.out.Slots = append(s.out.Slots, SlotChange{n.ID, w})
	return true
}

// lose tells a thing that its proposal came to nothing.
func (s *Sim) lose(p *proposed) {
	s.out.Counts.ProposalsLost++
	s.later(event{To: p.from.ID, From: p.Thing, Kind: evScript, Name: EventLost, Text: p.Slot, Tag: int64(p.Op)})
}

// fault tells a thing's owner of what its script must not do.
func (s *Sim) fault(t *Thing, format string, args ...any) {
	s.out.Counts.ScriptFaults++
	s.out.Logs = append(s.out.Logs, LogLine{Thing: t.ID, Owner: t.Owner, Fault: true, Text: clip(fmt.Sprintf(format, args...), MaxLogLine)})
}

func (v SlotValue) same(o SlotValue) bool {
	return v.Type == o.Type && v.Int == o.Int && v.Text == o.Text && v.Bool == o.Bool && v.Lump == o.Lump && bytes.Equal(v.Bytes, o.Bytes)
}
