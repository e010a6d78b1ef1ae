package scripting

import (
	"strings"

	"github.com/metatopia/metatopia/scripting/process"
)

// mt:process@1

func processFuncs() []hostFunc {
	const m = "mt:process@1"
	// with finds a handle's capability, and gives a code.
	with := func(do func(g *guest, c *process.Cap, s []uint64) error) func(*guest, []uint64) {
		return func(g *guest, s []uint64) {
			c, code := g.p.cap(s[0])
			if code == 0 {
				code = codeOf(do(g, c, s))
			}
			ret(s, code)
		}
	}
	return []hostFunc{
		fn(m, "self", ":i", forProcess, func(g *guest, s []uint64) { ret(s, g.p.hold(g.p.proc.Cap())) }),
		fn(m, "parent", ":i", forProcess, func(g *guest, s []uint64) {
			if g.p.parent == nil {
				ret(s, codeNotFound)
				return
			}
			ret(s, g.p.hold(g.p.parent))
		}),
		fn(m, "exit", "i:", forProcess, func(g *guest, s []uint64) { g.exit(uint32(s[0])) }),
		fn(m, "arg_count", ":i", forProcess, func(g *guest, s []uint64) { ret(s, int32(len(g.p.args))) }),
		fn(m, "arg", "iii:i", forProcess, func(g *guest, s []uint64) {
			i := uint32(s[0])
			if i >= uint32(len(g.p.args)) {
				ret(s, codeNotFound)
				return
			}
			ret(s, g.give(s[1], s[2], g.p.args[i]))
		}),

		fn(m, "spawn", "iiiiiI:i", forProcess, func(g *guest, s []uint64) {
			g.spawn(s, s[0:6], func() (*Module, string, int32) { return g.p.module, g.p.cid, 0 })
		}),
		fn(m, "spawn_module", "iiiiiiiI:i", forProcess, func(g *guest, s []uint64) {
			cid, ok := g.text(s[0], s[1], maxCID)
			g.spawn(s, s[2:8], func() (*Module, string, int32) {
				if !ok || cid == "" {
					return nil, "", codeInvalid
				}
				return g.moduleFor(strings.Clone(cid))
			})
		}),
		fn(m, "spawned", ":I", forProcess, func(g *guest, s []uint64) { s[0] = g.p.spawned }),
		fn(m, "supervise", "ii:i", forProcess, func(g *guest, s []uint64) {
			text, ok := g.text(s[0], s[1], maxSupervision)
			if !ok {
				ret(s, codeInvalid)
				return
			}
			g.charge(gasSpawn)
			ret(s, g.p.supervise(strings.Clone(text)))
		}),

		fn(m, "link", "iI:i", forProcess, with(func(g *guest, c *process.Cap, s []uint64) error {
			err := g.p.proc.Link(c, int64(s[1]))
			if g.p.proc.Stopping() { // a link to the dead
				panic(ErrKilled)
			}
			return err
		})),
		fn(m, "unlink", "i:i", forProcess, with(func(g *guest, c *process.Cap, _ []uint64) error {
			g.p.proc.Unlink(c)
			return nil
		})),
		fn(m, "monitor", "i:I", forProcess, func(g *guest, s []uint64) {
			c, code := g.p.cap(s[0])
			if code == 0 {
				ref, err := g.p.proc.Monitor(c)
				if err == nil {
					s[0] = ref
					return
				}
				code = codeOf(err)
			}
			s[0] = uint64(int64(code))
		}),
		fn(m, "demonitor", "I:i", forProcess, func(g *guest, s []uint64) {
			g.p.proc.Demonitor(s[0])
			ret(s, 0)
		}),
		fn(m, "trap_exits", "i:", forProcess, func(g *guest, s []uint64) { g.p.proc.TrapExits(uint32(s[0]) != 0) }),
		fn(m, "kill", "i:i", forProcess, with(func(g *guest, c *process.Cap, _ []uint64) error {
			err := g.p.proc.Kill(c)
			if g.p.proc.Stopping() { // itself
				panic(ErrKilled)
			}
			return err
		})),

		fn(m, "rights", "i:i", forProcess, func(g *guest, s []uint64) {
			c, code := g.p.cap(s[0])
			if code == 0 {
				code = int32(c.Rights())
			}
			ret(s, code)
		}),
		fn(m, "demote", "ii:i", forProcess, func(g *guest, s []uint64) {
			c, code := g.p.cap(s[0])
			if code == 0 {
				code = g.p.hold(c.Demote(process.Rights(s[1])))
			}
			ret(s, code)
		}),
		fn(m, "lend", "ii:i", forProcess, func(g *guest, s []uint64) {
			k, err := g.p.proc.Handles().Lend(process.Handle(s[0]), process.Rights(s[1]))
			if err != nil {
				ret(s, codeOf(err))
				return
			}
			ret(s, int32(k))
		}),
		fn(m, "revoke", "i:i", forProcess, func(g *guest, s []uint64) {
			ret(s, codeOf(g.p.proc.Handles().Revoke(process.Handle(s[0]))))
		}),
		fn(m, "drop", "i:i", forProcess, func(g *guest, s []uint64) {
			ret(s, codeOf(g.p.proc.Handles().Drop(process.Handle(s[0]))))
		}),

		fn(m, "register", "iii:i", forProcess, func(g *guest, s []uint64) {
			name, ok := g.text(s[0], s[1], process.MaxName)
			c, code := g.p.cap(s[2])
			switch {
			case !ok || name == "":
				code = codeInvalid
			case code == 0:
				code = codeOf(g.p.tree.names.Register(strings.Clone(name), c, g.p.proc))
			}
			ret(s, code)
		}),
		fn(m, "unregister", "ii:i", forProcess, func(g *guest, s []uint64) {
			name, ok := g.text(s[0], s[1], process.MaxName)
			if !ok {
				ret(s, codeInvalid)
				return
			}
			ret(s, codeOf(g.p.tree.names.Unregister(name, g.p.proc)))
		}),
		fn(m, "whereis", "ii:i", forProcess, func(g *guest, s []uint64) {
			name, ok := g.text(s[0], s[1], process.MaxName)
			if !ok {
				ret(s, codeInvalid)
				return
			}
			c, err := g.p.tree.names.Whereis(name)
			if err != nil {
				ret(s, codeOf(err))
				return
			}
			ret(s, g.p.hold(c))
		}),
	}
}

// exit ends the process.
func (g *guest) exit(code uint32) {
	g.p.exited, g.p.code = true, code
	panic(&exitError{code})
}

// spawn reads what both forms of spawn have in common: the argument, the name,
// the flags and the tag.
func (g *guest) spawn(s, args []uint64, module func() (*Module, string, int32)) {
	if uint32(args[1]) > maxArgBytes {
		ret(s, codeTooLarge)
		return
	}
	arg := string(g.view(uint32(args[0]), uint32(args[1])))
	name, ok := g.text(args[2], args[3], maxProcName)
	flags, tag := uint32(args[4]), int64(args[5])
	if !ok || name != clean(name, maxProcName) {
		ret(s, codeInvalid)
		return
	}
	name = strings.Clone(name)
	g.charge(gasSpawn)
	m, cid, code := module()
	if code == 0 {
		code = g.p.spawn(m, cid, arg, name, flags, tag)
	}
	ret(s, code)
}

// moduleFor loads another module, if that was granted.
func (g *guest) moduleFor(cid string) (*Module, string, int32) {
	a := g.p
	switch from := a.table.cfg.Modules; {
	case !a.tree.grants.module(cid):
		return nil, "", codeRefused
	case from == nil:
		return nil, "", codeUnavailable
	default:
		var m *Module
		var err error
		g.outside(gasWorld, func() { m, err = from.LoadModule(lifetime{a.proc}, cid) })
		if err != nil {
			return nil, "", codeOf(err)
		}
		return m, cid, 0
	}
}
