package scripting

import (
	"context"
	"errors"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/scripting/far"
	"github.com/metatopia/metatopia/scripting/ports"
	"github.com/metatopia/metatopia/scripting/process"
)

// Abroad is the way to the processes of other nodes.
type Abroad struct {
	Ports *ports.Ports
	// PeerOf reads a peer id; TextOf writes one in its usual form.
	PeerOf func(text string) (base.Key, error)
	TextOf func(base.Key) string
}

// Table is what the ports work on.
func (t *Processes) Table() *process.Table { return t.procs }

// Connect joins the processes with those of other nodes. It must be called once,
// before anything is spawned.
func (t *Processes) Connect(a *Abroad) { t.abroad.Store(a) }

// spawnOn in Grants.
func (g Grants) spawnOn(peer string) bool {
	return slices.Contains(g.SpawnOn, AnyPeer) || slices.Contains(g.SpawnOn, peer)
}

// infoOf describes any process of the table.
func (t *Processes) infoOf(p *process.Process) Info {
	if a, ok := p.Of().(*actor); ok {
		return a.info()
	}
	of := p.Info()
	i := Info{PID: of.ID, Root: of.ID, Name: clean(ports.NameOf(p), maxProcName), Kind: KindElsewhere, State: Running, Links: of.Links, Monitors: of.Monitors, Started: of.Started, Ended: of.Ended}
	if r, ok := ports.RemoteOf(p); ok {
		i.CID, i.Refused = r.CID, r.Refused
		if a := t.abroad.Load(); a != nil {
			i.On = a.TextOf(r.Peer)
		}
	}
	if of.State == process.Ended {
		i.State, i.Exit, i.Err = Exited, clean(exitOf(of.Reason), maxLine), errOf(of.Reason)
	}
	return i
}

// SpawnOn starts a process on another node, for a person, and describes its
// proxy here, which is kept until it ends. Flags are those of far.Spawn; a linked
// one ends when this node cannot be reached. Errors
// are those of ports.Spawn.
func (t *Processes) SpawnOn(ctx context.Context, peer base.Key, r *ports.Request) (Info, error) {
	a := t.abroad.Load()
	if a == nil {
		return Info{}, ErrClosed
	}
	c, err := a.Ports.Spawn(ctx, peer, r, nil)
	if err != nil {
		return Info{}, err
	}
	interest := process.Told
	if r.Flags&far.SpawnLink != 0 {
		interest = process.Bound
	}
	a.Ports.Hold(c, interest)
	return t.infoOf(c.Process()), nil
}

// mt:process@1 spawn_on

const spawnOnFlags = spawnLink | spawnMonitor | spawnHandler | spawnLow | spawnTrap // as far.Spawn's

func abroadFuncs() []hostFunc {
	return []hostFunc{fn("mt:process@1", "spawn_on", "iiiiiiiI:i", forProcess, func(g *guest, s []uint64) {
		peer, ok := g.text(s[0], s[1], maxPeerText)
		cid, ok2 := g.text(s[2], s[3], maxCID)
		flags := uint32(s[6])
		if !ok || !ok2 || peer == "" || cid == "" || flags&^spawnOnFlags != 0 {
			ret(s, codeInvalid)
			return
		}
		if uint32(s[5]) > far.MaxArg {
			ret(s, codeTooLarge)
			return
		}
		r := &ports.Request{CID: string([]byte(cid)), Arg: slices.Clone(g.view(uint32(s[4]), uint32(s[5]))), Flags: uint8(flags)}
		g.charge(gasSpawn)
		ret(s, g.spawnOn(string([]byte(peer)), r, int64(s[7])))
	})}
}

// spawnOn waits for the other node's answer, and gives a handle or a code.
func (g *guest) spawnOn(peer string, r *ports.Request, tag int64) int32 {
	a := g.p
	a.spawned = 0
	abroad := a.table.abroad.Load()
	switch {
	case !a.tree.grants.spawnOn(peer):
		return codeRefused
	case abroad == nil:
		return codeUnavailable
	case a.proc.Handles().Len() >= process.MaxHandles:
		return codeFull
	}
	to, err := abroad.PeerOf(peer)
	if err != nil {
		return codeInvalid
	}
	r.Parent = a.asParent()
	var c *process.Cap
	made := make(chan uint64, 1) // the node may still be at it when this one is killed
	g.outside(gasWorld, func() {
		c, err = abroad.Ports.Spawn(lifetime{a.proc}, to, r, func(s *process.Starting) error {
			if r.Flags&far.SpawnLink != 0 {
				if err := s.Link(a.proc, tag); err != nil {
					return err
				}
			}
			if r.Flags&far.SpawnMonitor != 0 {
				ref, err := s.Monitor(a.proc, tag)
				if err != nil {
					return err
				}
				made <- ref
			}
			return nil
		})
	})
	if err != nil {
		return codeAbroad(err)
	}
	select {
	case a.spawned = <-made:
	default:
	}
	a.table.cfg.OnEvent("spawned")
	return a.hold(c)
}

// codeAbroad maps what another node, or the way to it, has said.
func codeAbroad(err error) int32 {
	var no *ports.Refusal
	switch {
	case errors.As(err, &no):
		return map[uint8]int32{
			far.NotAgreed: codeRefused, far.NoModule: codeNotFound, far.NotUsable: codeRefused,
			far.Full: codeFull, far.TooLarge: codeTooLarge, far.Unavailable: codeUnavailable,
		}[no.Code]
	case errors.Is(err, ports.ErrUnreachable), errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return codeUnavailable
	}
	return codeOf(err)
}
