package admit

// Bounds on the engine's compile time, in units of about half a microsecond.
// One function of a Go program needs up to 150,000, a hello world in Go 2
// million, a Go program of 7 MB 10 million in all.
const (
	MaxWork      = 1 << 20 // of one function
	MaxTotalWork = 12 << 20
)

// work estimates how hard a function is to compile for the engine of wazero
// 1.12, from measurements of functions made for the purpose: linear in the
// code and the values of calls and blocks, one value for every local wherever
// control flow joins, and quadratic in the number of joins (4,000 ifs take 0.2 s, 4,000 loops 3 s).
// Every label of a branch table is an edge of its own, which moves all locals
// and what the branch carries: one table of 16,000 in a function of 1,000
// locals takes 17 s and 6 GB.
func (f *body) work() uint64 {
	joins := f.joins + loopJoins*f.loops
	return functionWork + uint64(len(f.code)) + f.values + f.carried + canonicalWork*f.canonical + copyWork*f.copies() +
		uint64(f.locals)*(joins+f.labels) + labelWork*f.labels + joins*joins/32
}

const (
	functionWork  = 32 // 65,000 empty functions take a second
	labelWork     = 8  // of a branch table, without locals
	loopJoins     = 4  // the charge at a loop's header adds an if
	copyWork      = 16 // of a local at the header of a tight loop, moved to the stack and back
	canonicalWork = 24 // bytes added to canonicalise a float
)
