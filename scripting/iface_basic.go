package scripting

import (
	"encoding/binary"
	"strings"
	"time"
)

// mt:log@1

func logFuncs() []hostFunc {
	return []hostFunc{fn("mt:log@1", "log", "iii:", forAll|forImage, func(g *guest, s []uint64) {
		level, b := uint32(s[0]), g.view(uint32(s[1]), uint32(s[2]))
		if g.i != nil {
			g.i.note(b)
			return
		}
		if g.h != nil {
			if len(g.h.out.Log) < maxLogs {
				g.h.out.Log = append(g.h.out.Log, clean(cut(b, maxLogText), maxLogText))
			}
			return
		}
		if g.l != nil {
			if len(g.l.out.Log) < maxLogs {
				g.l.out.Log = append(g.l.out.Log, clean(cut(b, maxLogText), maxLogText))
			}
			return
		}
		for line := range strings.Lines(cut(b, maxLine)) {
			g.charge(gasLine)
			g.p.logLine(int(min(level, levelError)), strings.TrimSuffix(line, "\n"))
		}
	})}
}

func cut(b []byte, limit int) string { return string(b[:min(len(b), limit)]) }

// mt:time@1

func timeFuncs() []hostFunc {
	const m = "mt:time@1"
	return []hostFunc{
		fn(m, "now", ":I", forProcess|forImage, func(g *guest, s []uint64) { s[0] = uint64(g.now()) }),
		fn(m, "monotonic", ":I", forProcess|forImage, func(g *guest, s []uint64) { s[0] = uint64(g.age()) }),
		fn(m, "sleep", "i:", forProcess, func(g *guest, s []uint64) {
			g.p.sleep(time.Duration(uint32(s[0])) * time.Millisecond)
		}),
	}
}

// now is the time of day in nanoseconds.
func (g *guest) now() int64 {
	if g.i != nil {
		g.i.drew = true
	}
	return time.Now().UnixNano()
}

// age is the time since the process was started: the least while an image is
// made, so that it never goes back in a process made from it.
func (g *guest) age() time.Duration {
	if g.i != nil {
		g.i.drew = true
		return 1
	}
	return g.p.age()
}

// mt:random@1

func randomFuncs() []hostFunc {
	const m = "mt:random@1"
	return []hostFunc{
		fn(m, "u64", ":I", forBoth|forImage, func(g *guest, s []uint64) {
			var b [8]byte
			g.random(b[:])
			s[0] = binary.LittleEndian.Uint64(b[:])
		}),
		fn(m, "fill", "ii:i", forBoth|forImage, func(g *guest, s []uint64) {
			if uint32(s[1]) > maxRandom {
				ret(s, codeTooLarge)
				return
			}
			g.random(g.view(uint32(s[0]), uint32(s[1])))
			ret(s, 0)
		}),
	}
}

// random fills b: a handler's from the seed of its event, a process's from
// the operating system.
func (g *guest) random(b []byte) {
	switch {
	case g.p != nil:
		g.charge(int64(len(b))) // the system takes some 10 ns a byte
		g.p.random(b)
	case g.i != nil:
		g.i.random(b)
	default:
		g.h.rand.Read(b)
	}
}
