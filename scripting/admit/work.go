package admit

// Bounds on the engine's compile time, in units of about half a microsecond.
// One function of a Go program needs up to 100,000, a hello world in Go 1.5
// million, a Go program of 5.7 MB 5 million in all.
const (
	MaxWork      = 1 << 20 // of one function
	MaxTotalWork = 12 << 20
)

// work estimates how hard a function is to compile for the engine of wazero
// 1.12, from measurements of functions made for the purpose: linear in the
// code and the values of calls and blocks, one value for every local wherever
// control flow joins, and quadratic in the number of joins (4,000 ifs take 0.2 s, 4,000 loops 3 s).
func (f *body) work() uint64 {
	joins := f.joins + loopJoins*f.loops
	return uint64(len(f.code)) + f.values + canonicalWork*f.canonical + uint64(f.locals)*joins + joins*joins/32
}

const (
	loopJoins     = 4  // the charge at a loop's header adds an if
	canonicalWork = 24 // bytes added to canonicalise a float
)
