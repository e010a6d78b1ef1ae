package scripting

import (
	"github.com/metatopia/metatopia/scripting/process"
)

// Flags of spawn in mt:process@1.
const (
	spawnLink = 1 << iota
	spawnMonitor
	spawnHandler
	spawnLow
	spawnTrap
	spawnGet

	spawnFlags = 1<<iota - 1
)

// byName is what others of the tree may do with a process that they find by the
// name it was spawned with.
const byName = process.All &^ process.Kill

// asParent is a's capability as its children get it.
func (a *actor) asParent() *process.Cap {
	if a.lender == nil {
		a.lender = a.proc.Cap().Demote(byName)
	}
	return a.lender
}

// child makes the actor of a process that a spawns, or that is started for it.
func (a *actor) child(m *Module, cid, name, arg string, handler bool) *actor {
	c := &actor{table: a.table, tree: a.tree, module: m, cid: cid, name: name, parent: a.asParent(), from: a.proc.ID()}
	if name == "" {
		c.name = a.name
	}
	if arg != "" {
		c.args = []string{arg}
	}
	if m == a.module {
		c.img = a.img
	}
	c.setKind(handler)
	return c
}

// spawn starts a child and gives a handle or a code. name is "" for none.
func (a *actor) spawn(m *Module, cid, arg, name string, flags uint32, tag int64) int32 {
	a.spawned = 0
	switch {
	case flags > spawnFlags, flags&spawnGet != 0 && name == "":
		return codeInvalid
	case m.as(flags&spawnHandler != 0) != nil:
		return codeRefused
	case a.proc.Handles().Len() >= process.MaxHandles:
		return codeFull
	}
	c := a.child(m, cid, name, arg, flags&spawnHandler != 0)
	spec := func() (process.Spec, error) { return c.spec(flags&spawnLow != 0, flags&spawnTrap != 0) }
	bind := func(s *process.Starting) (err error) {
		c.proc = s.Process()
		if flags&spawnLink != 0 {
			err = s.Link(a.proc, tag)
		}
		if err == nil && flags&spawnMonitor != 0 {
			a.spawned, err = s.Monitor(a.proc, tag)
		}
		return err
	}
	var got *process.Cap
	var err error
	names := a.tree.names
	switch {
	case flags&spawnGet != 0:
		var fresh *process.Process
		got, fresh, err = names.GetOrSpawn(name, byName, a.proc, spec, bind)
		if err == nil && fresh == nil {
			return a.found(got, flags, tag)
		}
	default:
		_, err = a.table.procs.SpawnWith(spec, func(s *process.Starting) error {
			if name != "" {
				if err := s.Name(names, name, byName, a.proc); err != nil {
					return err
				}
			}
			return bind(s)
		})
		if err == nil {
			got = c.proc.Cap()
		}
	}
	c.discard(err)
	if err != nil {
		a.spawned = 0
		return codeOf(err)
	}
	a.table.cfg.OnEvent("spawned")
	return a.hold(got)
}

// found is what spawn does when somebody has the name already.
func (a *actor) found(c *process.Cap, flags uint32, tag int64) int32 {
	if flags&spawnLink != 0 {
		if err := a.proc.Link(c, tag); err != nil {
			return codeOf(err)
		}
	}
	if flags&spawnMonitor != 0 {
		ref, err := a.proc.MonitorAs(c, tag)
		if err != nil {
			return codeOf(err)
		}
		a.spawned = ref
	}
	return a.hold(c)
}
