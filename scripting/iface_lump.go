package scripting

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
	cid, ok := g.text(ptr, n, maxCID)
	if !ok || cid == "" {
		return "", codeInvalid
	}
	a, r := g.p, g.p.more()
	if a.tree.grants.NoLumps {
		return "", codeRefused
	}
	if r.lumpCID == cid {
		return r.lump, 0
	}
	if a.table.cfg.Lumps == nil {
		return "", codeUnavailable
	}
	var data []byte
	var err error
	g.outside(gasWorld, func() { data, err = a.table.cfg.Lumps.ReadLump(lifetime{a.proc}, cid, maxLump) })
	if err != nil {
		return "", codeOf(err)
	}
	if len(data) > maxLump {
		return "", codeTooLarge
	}
	r.lumpCID, r.lump = cid, string(data)
	return r.lump, 0
}
