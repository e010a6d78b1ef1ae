package scripting

import "time"

// mt:message@1

func messageFuncs() []hostFunc {
	const m = "mt:message@1"
	return []hostFunc{
		fn(m, "receive", "iii:i", forProcess, func(g *guest, s []uint64) {
			timeout := time.Duration(int32(s[2])) * time.Millisecond
			msg, ok := g.p.receive(g, int(uint32(s[1])), timeout)
			if !ok {
				ret(s, codeTimeout)
				return
			}
			if len(msg) > int(uint32(s[1])) { // stays in the mailbox
				ret(s, int32(len(msg)))
				return
			}
			ret(s, g.give(s[0], s[1], string(msg)))
		}),
		fn(m, "sender", ":I", forProcess, func(g *guest, s []uint64) { s[0] = g.p.sender }),
		fn(m, "send", "Iii:i", forProcess, func(g *guest, s []uint64) {
			if uint32(s[2]) > MaxMessage {
				ret(s, codeTooLarge)
				return
			}
			data := append([]byte(nil), g.view(uint32(s[1]), uint32(s[2]))...)
			ret(s, codeOf(g.p.table.post(s[0], message{from: g.p.pid, data: data})))
		}),
	}
}

// mt:process@1

func processFuncs() []hostFunc {
	const m = "mt:process@1"
	return []hostFunc{
		fn(m, "self", ":I", forProcess, func(g *guest, s []uint64) { s[0] = g.p.pid }),
		fn(m, "exit", "i:", forProcess, func(g *guest, s []uint64) { panic(&exitError{uint32(s[0])}) }),
		fn(m, "arg_count", ":i", forProcess, func(g *guest, s []uint64) { ret(s, int32(len(g.p.args))) }),
		fn(m, "arg", "iii:i", forProcess, func(g *guest, s []uint64) {
			i := uint32(s[0])
			if i >= uint32(len(g.p.args)) {
				ret(s, codeNotFound)
				return
			}
			ret(s, g.give(s[1], s[2], g.p.args[i]))
		}),
	}
}

// mt:lump@1

func lumpFuncs() []hostFunc {
	const m = "mt:lump@1"
	return []hostFunc{
		fn(m, "size", "ii:i", forProcess, func(g *guest, s []uint64) {
			data, code := g.lump(s[0], s[1])
			if code == 0 {
				code = int32(len(data))
			}
			ret(s, code)
		}),
		fn(m, "read", "iiiii:i", forProcess, func(g *guest, s []uint64) {
			data, code := g.lump(s[0], s[1])
			if code != 0 {
				ret(s, code)
				return
			}
			dst := g.view(uint32(s[3]), uint32(s[4]))
			n := 0
			if at := uint64(uint32(s[2])); at < uint64(len(data)) {
				n = copy(dst, data[at:])
			}
			ret(s, int32(n))
		}),
	}
}

// lump gives a lump's content; the last one is kept, so that a guest can read
// it piece by piece.
func (g *guest) lump(ptr, n uint64) (string, int32) {
	cid, ok := g.text(ptr, n, 128)
	if !ok || cid == "" {
		return "", codeInvalid
	}
	p := g.p
	if p.lumpCID == cid {
		return p.lump, 0
	}
	if p.table.cfg.Lumps == nil {
		return "", codeUnavailable
	}
	var data []byte
	var err error
	g.outside(gasWorld, func() { data, err = p.table.cfg.Lumps.ReadLump(p.ctx, cid, maxLump) })
	if err != nil {
		return "", codeOf(err)
	}
	if len(data) > maxLump {
		return "", codeTooLarge
	}
	p.lumpCID, p.lump = cid, string(data)
	return p.lump, 0
}
