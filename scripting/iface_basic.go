package scripting

import (
	"encoding/binary"
	"strings"
	"time"
)

// mt:log@1

var levels = [...]string{"debug", "info", "warn", "error"}

func logFuncs() []hostFunc {
	return []hostFunc{fn("mt:log@1", "log", "iii:", forAll, func(g *guest, s []uint64) {
		level, b := uint32(s[0]), g.view(uint32(s[1]), uint32(s[2]))
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
			g.p.logLine(levels[min(level, uint32(len(levels)-1))], strings.TrimSuffix(line, "\n"))
		}
	})}
}

func cut(b []byte, limit int) string { return string(b[:min(len(b), limit)]) }

// mt:time@1

func timeFuncs() []hostFunc {
	const m = "mt:time@1"
	return []hostFunc{
		fn(m, "now", ":I", forProcess, func(g *guest, s []uint64) { s[0] = uint64(time.Now().UnixNano()) }),
		fn(m, "monotonic", ":I", forProcess, func(g *guest, s []uint64) { s[0] = uint64(time.Since(g.p.started)) }),
		fn(m, "sleep", "i:", forProcess, func(g *guest, s []uint64) {
			g.p.sleep(g, time.Duration(uint32(s[0]))*time.Millisecond)
		}),
	}
}

// mt:random@1

func randomFuncs() []hostFunc {
	const m = "mt:random@1"
	return []hostFunc{
		fn(m, "u64", ":I", forBoth, func(g *guest, s []uint64) {
			var b [8]byte
			g.random(b[:])
			s[0] = binary.LittleEndian.Uint64(b[:])
		}),
		fn(m, "fill", "ii:i", forBoth, func(g *guest, s []uint64) {
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
	if g.p != nil {
		g.p.random(b)
		return
	}
	for len(b) > 0 {
		var word [8]byte
		binary.LittleEndian.PutUint64(word[:], g.h.rand.Uint64())
		b = b[copy(b, word[:]):]
	}
}
