package admit

// A region is charged at its header, but for the parts of it that are charged
// where they begin. A part goes from some instruction to the end of the
// innermost block around it; nothing can jump into its middle, because what
// jumps forward goes to the end of a block, and the blocks that are open where
// a part begins end behind it. So a part is charged whenever something in it
// runs, and at most once between two passes of the region's header.
//
// Parts begin where a path may go past them: the arms of an if, what follows a
// conditional branch that stays in the region, the arms of a branch table. Only what costs much becomes
// one, so that a charge is cheap beside what it is for. Without them an
// interpreter would pay for every instruction of its language at each.
//
// The charge of a part does not look whether gas is left; the next header, the
// next function or the host does, so a run goes at most one pass too far.

// minPart is the least cost of a part that is charged apart, minInner of one in
// another part, minArms the least labels of a branch table whose arms may be.
const (
	minPart  = 8
	minInner = 32
	minArms  = 4
)

// part is a charge before the instruction at an offset of the code; region is
// the number of the one that it is in.
type part struct {
	at, cost uint32
	region   int
}

// noPart is where code that nothing reaches is counted, and what is around a
// function's own block.
const noPart = -1

// splitter gathers the parts of one function.
type splitter struct {
	now     int // index of the part that the next instruction belongs to
	all     []candidate
	regions int
}

type candidate struct {
	part
	around int  // the part that it is in, which pays when this one is too cheap
	header bool // of a region: the function's entry or a loop
}

// begin starts a part at an offset, with the cost of a header.
func (s *splitter) begin(at uint32, header bool, cost uint32) {
	if s.now == noPart && !header {
		return
	}
	around := s.now
	if len(s.all) == 0 {
		around = noPart
	}
	region := s.regions
	if header {
		s.regions++
	} else {
		region = s.all[around].region
	}
	s.now = len(s.all)
	s.all = append(s.all, candidate{part{at, cost, region}, around, header})
}

// add puts an instruction's cost to the part it is in.
func (s *splitter) add(cost uint32) {
	if s.now != noPart {
		s.all[s.now].cost += cost
	}
}

// least is what a part must cost to be charged apart.
func (s *splitter) least(c *candidate) uint32 {
	if s.all[c.around].header {
		return minPart
	}
	return minInner
}

// finish settles which parts are charged apart. Inner ones come later in the
// list, so those that are too cheap are added up from behind.
func (s *splitter) finish(f *body) {
	for k := len(s.all) - 1; k > 0; k-- {
		if c := &s.all[k]; !c.header && c.cost < s.least(c) {
			s.all[c.around].cost += c.cost
			c.cost = 0
		}
	}
	for _, c := range s.all {
		switch {
		case c.header:
			f.costs = append(f.costs, c.cost)
		case c.cost > 0:
			f.parts = append(f.parts, part{c.at, c.cost + 1, c.region}) // the charge itself
		}
	}
}
