package scripting

// mt:image@1: what a start that is kept as an image reads. It is offered to
// handlers and processes; outside a start there is no input.

func imageFuncs() []hostFunc {
	const m = "mt:image@1"
	return []hostFunc{
		fn(m, "size", ":i", forBoth|forImage, func(g *guest, s []uint64) { ret(s, int32(len(g.input()))) }),
		fn(m, "read", "iii:i", forBoth|forImage, func(g *guest, s []uint64) {
			dst, n := g.view(uint32(s[1]), uint32(s[2])), 0
			if at := uint64(uint32(s[0])); at < uint64(len(g.input())) {
				n = copy(dst, g.input()[at:])
			}
			ret(s, int32(n))
		}),
		fn(m, "fail", "ii:", forBoth|forImage, func(g *guest, s []uint64) {
			panic(&failError{clean(cut(g.view(uint32(s[0]), uint32(s[1])), maxLogText), maxLogText)})
		}),
	}
}

func (g *guest) input() []byte {
	if g.i == nil {
		return nil
	}
	return g.i.input
}

// note keeps a line of the log.
func (i *making) note(b []byte) {
	if i.quiet {
		panic(errNotFrozen)
	}
	if len(i.log) < maxLogs {
		i.log = append(i.log, clean(cut(b, maxLogText), maxLogText))
	}
}

func (i *making) random(b []byte) {
	i.drew = true
	if _, err := i.rand.Read(b); err != nil {
		trapf("no randomness")
	}
}
