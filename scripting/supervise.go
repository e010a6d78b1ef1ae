package scripting

import (
	"fmt"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/metatopia/metatopia/scripting/process"
)

// supervision is what a guest asks for with supervise of mt:process@1.
type supervision struct {
	strategy process.Strategy
	restarts int
	within   time.Duration
	children []supervised
}

type supervised struct {
	name    string
	restart process.Restart
	handler bool
	arg     string
}

var (
	strategies = map[string]process.Strategy{"one-for-one": process.OneForOne, "one-for-all": process.OneForAll, "rest-for-one": process.RestForOne}
	restarts   = map[string]process.Restart{"permanent": process.Permanent, "transient": process.Transient, "temporary": process.Temporary}
	kinds      = map[string]bool{"blocking": false, "handler": true}
)

// parseSupervision reads the text of docs/interfaces/process.md: a line
//
//	STRATEGY [RESTARTS MILLISECONDS]
//
// and one for each child,
//
//	NAME RESTART KIND [ARGUMENT]
//
// with "-" for no name.
func parseSupervision(text string) (s supervision, err error) {
	if len(text) > maxSupervision || !utf8.ValidString(text) {
		return s, fmt.Errorf("%w: supervision of %d bytes", ErrTooLarge, len(text))
	}
	head, rest, _ := strings.Cut(text, "\n")
	words := strings.Fields(head)
	ok := false
	if len(words) == 1 || len(words) == 3 {
		s.strategy, ok = strategies[words[0]]
	}
	if !ok {
		return s, fmt.Errorf("first line %q", head)
	}
	if len(words) == 3 {
		n, err := strconv.ParseUint(words[1], 10, 16)
		ms, err2 := strconv.ParseUint(words[2], 10, 31)
		if err != nil || err2 != nil || ms == 0 {
			return s, fmt.Errorf("first line %q", head)
		}
		s.restarts, s.within = int(n), time.Duration(ms)*time.Millisecond
	}
	for line := range strings.Lines(rest) {
		line = strings.TrimSuffix(line, "\n")
		if line == "" {
			continue
		}
		c, err := parseSupervised(line)
		if err != nil {
			return s, err
		}
		if s.children = append(s.children, c); len(s.children) > maxSupervised {
			return s, fmt.Errorf("%w: more than %d children", ErrTooLarge, maxSupervised)
		}
	}
	return s, nil
}

func parseSupervised(line string) (c supervised, err error) {
	words := strings.SplitN(line, " ", 4)
	if len(words) < 3 {
		return c, fmt.Errorf("child %q", line)
	}
	restart, ok := restarts[words[1]]
	handler, ok2 := kinds[words[2]]
	if !ok || !ok2 || words[0] == "" || len(words[0]) > process.MaxName {
		return c, fmt.Errorf("child %q", line)
	}
	c = supervised{name: words[0], restart: restart, handler: handler}
	if c.name == "-" {
		c.name = ""
	}
	if len(words) == 4 {
		c.arg = words[3]
	}
	return c, nil
}

// keeper is the body of a supervisor.
type keeper struct {
	*process.Supervisor
	a *actor
}

// Stop implements process.Handler.
func (k keeper) Stop(p *process.Process) {
	k.Supervisor.Stop(p)
	k.a.rare, k.a.args = nil, nil
}

// supervise starts a supervisor linked to a, and gives its handle or a code.
func (a *actor) supervise(text string) int32 {
	s, err := parseSupervision(text)
	switch {
	case err != nil && codeOf(err) == codeTooLarge:
		return codeTooLarge
	case err != nil:
		return codeInvalid
	case a.proc.Handles().Len() >= process.MaxHandles:
		return codeFull
	}
	for _, c := range s.children {
		if a.module.as(c.handler) != nil {
			return codeRefused
		}
	}
	c := a.child(nil, "", a.name+"/supervisor", "", true)
	c.kind = KindSupervisor
	sup := process.Supervision{
		Strategy: s.strategy, Restarts: s.restarts, Within: s.within, Names: a.tree.names, Rights: byName,
	}
	for _, kid := range s.children {
		var last *actor
		sup.Children = append(sup.Children, process.Child{Name: kid.name, Restart: kid.restart, Spec: func() (process.Spec, error) {
			last = a.child(a.module, a.cid, kid.name, kid.arg, kid.handler)
			last.from = c.proc.ID()
			return last.spec(false, false)
		}, Ready: func(p *process.Process) {
			last.proc = p
			a.table.cfg.OnEvent("spawned")
		}, Failed: func(err error) { last.discard(err) }})
	}
	_, err = a.table.procs.SpawnWith(func() (process.Spec, error) {
		spec, err := c.spec(false, true)
		spec.Handler, spec.Blocking = keeper{process.NewSupervisor(sup), c}, nil
		return spec, err
	}, func(st *process.Starting) error {
		c.proc = st.Process()
		if err := st.Watch(a.proc); err != nil {
			return err
		}
		return st.Link(a.proc, 0)
	})
	c.discard(err)
	if err != nil {
		return codeOf(err)
	}
	a.table.cfg.OnEvent("spawned")
	return a.hold(c.proc.Cap())
}
