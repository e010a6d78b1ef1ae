package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/scripting"
	"github.com/metatopia/metatopia/scripting/far"
	"github.com/metatopia/metatopia/scripting/ports"
	"github.com/metatopia/metatopia/scripting/process"
)

const (
	protoProcess = "/metatopia/process/1"
	lodgersFile  = "lodgers.json"
	maxLodgers   = 1024

	// What a peer may use unless its host says otherwise.
	lodgerProcesses = 64
	lodgerMemory    = 256 << 20
)

var (
	// processStreams is how often one peer may open a stream of processes: it
	// needs one, and another when that breaks.
	processStreams = p2p.Rate{PerSecond: 2, Burst: 50}
	// processBeat and processDead are as in ports.Config; 0 for the defaults.
	processBeat, processDead time.Duration
)

// lodgers are the peers that may run processes here.
type lodgers struct {
	mu sync.Mutex
	by map[string]lodger // by peer id
}

type lodger struct {
	Processes int       `json:"processes"`
	Memory    uint64    `json:"memory"`
	Gas       uint64    `json:"gas,omitempty"`
	Since     time.Time `json:"since"`
}

func (l *lodger) bounds() scripting.Bounds {
	return scripting.Bounds{Processes: l.Processes, Memory: l.Memory, Gas: l.Gas}
}

// openPorts joins the processes of this node with those of others.
func (n *Node) openPorts() error {
	n.lodgers.by = map[string]lodger{}
	if _, err := n.home.loadJSON(lodgersFile, &n.lodgers.by); err != nil {
		return err
	}
	for peer, l := range n.lodgers.by { //lint:sorted each on its own
		if err := n.procs.Lodge(peer, l.bounds()); err != nil {
			return fmt.Errorf("node: %s: %s: %w", n.home.path(lodgersFile), peer, err)
		}
	}
	gate := n.net.Gate(processStreams)
	n.ports = ports.New(ports.Config{
		Table: n.procs.Table(), Log: n.log, Beat: processBeat, Dead: processDead,
		Dial: func(ctx context.Context, peer base.Key) (io.WriteCloser, error) {
			return n.net.Open(ctx, peer, protoProcess)
		},
		Spawn: n.spawnFor,
		Fault: func(peer base.Key, _ string) {
			n.count.add(countRefused, 1)
			gate.Strike(peer)
		},
	})
	n.procs.Connect(&scripting.Abroad{Ports: n.ports, PeerOf: p2p.KeyOfPeer, TextOf: p2p.PeerID})
	n.net.Handle(protoProcess, func(from base.Key, s p2p.Stream) {
		if n.blocks.blocked(from) {
			return
		}
		if !gate.Allow(from) {
			n.count.add(countRefused, 1)
			s.Reset()
			return
		}
		n.ports.Serve(from, s)
	})
	return nil
}

// spawnFor starts a process for a peer, as far as that was agreed.
func (n *Node) spawnFor(ctx context.Context, peer base.Key, r *ports.Request) (*process.Cap, error) {
	id := p2p.PeerID(peer)
	if _, ok := n.procs.Lodged(id); !ok {
		return nil, &ports.Refusal{Code: far.NotAgreed}
	}
	ref, err := parseRef(r.CID)
	if err != nil {
		return nil, &ports.Refusal{Code: far.NoModule, Text: err.Error()}
	}
	mod, image, err := (&backend{n}).runnable(ctx, ref)
	if err != nil {
		return nil, refusalOf(err, far.NoModule)
	}
	spec := scripting.SpawnSpec{
		Module: mod, Image: image, CID: ref.String(), Name: r.Name,
		Handler: r.Flags&far.SpawnHandler != 0, Low: true,
	}
	if len(r.Arg) > 0 {
		spec.Args = []string{string(r.Arg)}
	}
	c, err := n.procs.SpawnFor(id, spec, r.Parent, r.Flags&far.SpawnTrap != 0)
	if err != nil {
		return nil, refusalOf(err, far.Unavailable)
	}
	return c, nil
}

// refusalOf is what a peer is told of an error.
func refusalOf(err error, otherwise uint8) error {
	code := otherwise
	switch {
	case errors.Is(err, scripting.ErrNoProcess):
		code = far.NotAgreed
	case errors.Is(err, scripting.ErrRefused), errors.Is(err, scripting.ErrNotUsable):
		code = far.NotUsable
	case errors.Is(err, scripting.ErrFull):
		code = far.Full
	case errors.Is(err, scripting.ErrTooLarge):
		code = far.TooLarge
	case errors.Is(err, scripting.ErrUnavailable), errors.Is(err, scripting.ErrClosed):
		code = far.Unavailable
	}
	return &ports.Refusal{Code: code, Text: err.Error()}
}

// spawnOn has another node run a process for a person.
func (b *backend) spawnOn(ctx context.Context, req *control.SpawnRequest) (*control.SpawnResponse, error) {
	peer, err := parsePeer(req.On)
	if err != nil {
		return nil, err
	}
	if peer == b.key {
		return nil, control.Errorf(control.Invalid, "leave out --on", "this is the peer id of this node itself")
	}
	if req, err = b.applyPackage(req); err != nil {
		return nil, err
	}
	ref, err := parseRef(req.CID)
	if err != nil {
		return nil, err
	}
	r := &ports.Request{CID: ref.String(), Name: req.Name}
	if len(req.Args) > 0 {
		r.Arg = []byte(req.Args[0])
	}
	for flag, set := range map[uint8]bool{far.SpawnLink: !req.Stay, far.SpawnMonitor: true, far.SpawnHandler: req.Handler, far.SpawnLow: req.Low} { //lint:sorted a sum has no order
		if set {
			r.Flags |= flag
		}
	}
	info, err := b.procs.SpawnOn(ctx, peer, r)
	if err != nil {
		return nil, b.abroadError(err)
	}
	return &control.SpawnResponse{Process: processOf(info)}, nil
}

func (n *Node) abroadError(err error) error {
	var no *ports.Refusal
	switch {
	case errors.As(err, &no):
		code, hint := control.Failed, ""
		switch no.Code {
		case far.NotAgreed:
			code, hint = control.Denied, "its owner can say: metatopia process accept "+p2p.PeerID(n.key)
		case far.NoModule:
			code, hint = control.NotFound, "it fetches the module from this node or from others that have it"
		case far.NotUsable:
			code, hint = control.Invalid, "docs/interfaces says what a module may import and must export"
		case far.Full, far.TooLarge:
			code, hint = control.TooLarge, "its owner can allow more: metatopia process accept "+p2p.PeerID(n.key)+" --processes N --memory SIZE"
		case far.Unavailable:
			code, hint = control.Unavailable, "try again later"
		}
		return control.Errorf(code, hint, "spawn: %w", err)
	case errors.Is(err, ports.ErrUnreachable):
		return control.Errorf(control.Unavailable, "is it running? see `metatopia peers`", "spawn: %w", err)
	}
	return scriptError(err)
}

// ProcessAccept lets a peer run processes here.
func (b *backend) ProcessAccept(_ context.Context, req *control.ProcessAcceptRequest) (*control.ProcessAgreement, error) {
	peer, err := parsePeer(req.Peer)
	if err != nil {
		return nil, err
	}
	if peer == b.key {
		return nil, control.Errorf(control.Invalid, "", "this is the peer id of this node itself")
	}
	id := p2p.PeerID(peer)
	b.lodgers.mu.Lock()
	defer b.lodgers.mu.Unlock()
	l, known := b.lodgers.by[id]
	if !known {
		if len(b.lodgers.by) >= maxLodgers {
			return nil, control.Errorf(control.TooLarge, "refuse some: metatopia process agreed", "%d peers may run processes here already", maxLodgers)
		}
		l.Since = time.Now().UTC().Truncate(time.Second)
	}
	l.Processes = cmp.Or(req.Processes, lodgerProcesses)
	l.Memory = cmp.Or(req.Memory, lodgerMemory)
	l.Gas = req.Gas
	if err := b.procs.Lodge(id, l.bounds()); err != nil {
		return nil, scriptError(err)
	}
	b.lodgers.by[id] = l
	if err := b.home.saveJSON(lodgersFile, b.lodgers.by); err != nil {
		return nil, err
	}
	return b.agreement(id, l), nil
}

// ProcessRefuse lets a peer run nothing more, and ends what it has here.
func (b *backend) ProcessRefuse(_ context.Context, req *control.ProcessAcceptRequest) (*control.ProcessAgreement, error) {
	peer, err := parsePeer(req.Peer)
	if err != nil {
		return nil, err
	}
	id := p2p.PeerID(peer)
	b.lodgers.mu.Lock()
	defer b.lodgers.mu.Unlock()
	delete(b.lodgers.by, id)
	if err := b.home.saveJSON(lodgersFile, b.lodgers.by); err != nil {
		return nil, err
	}
	if err := b.procs.Evict(id); err != nil {
		return nil, scriptError(err)
	}
	return &control.ProcessAgreement{Peer: id}, nil
}

// ProcessAgreed tells who may run processes here.
func (b *backend) ProcessAgreed(_ context.Context, req *control.ProcessAgreedRequest) (*control.ProcessAgreedResponse, error) {
	b.lodgers.mu.Lock()
	defer b.lodgers.mu.Unlock()
	out := &control.ProcessAgreedResponse{Agreements: []control.ProcessAgreement{}}
	if req.Peer != "" {
		peer, err := parsePeer(req.Peer)
		if err != nil {
			return nil, err
		}
		id := p2p.PeerID(peer)
		l, ok := b.lodgers.by[id]
		if !ok {
			return nil, control.Errorf(control.NotFound, "see `metatopia process agreed`", "%s may run nothing here", id)
		}
		out.Agreements = append(out.Agreements, *b.agreement(id, l))
		return out, nil
	}
	for _, id := range slices.Sorted(maps.Keys(b.lodgers.by)) {
		out.Agreements = append(out.Agreements, *b.agreement(id, b.lodgers.by[id]))
	}
	return out, nil
}

func (n *Node) agreement(id string, l lodger) *control.ProcessAgreement {
	a := &control.ProcessAgreement{Peer: id, Agreed: true, Processes: l.Processes, Memory: l.Memory, Gas: l.Gas, Since: l.Since.Format(time.RFC3339)}
	if of, ok := n.procs.Lodged(id); ok {
		a.Alive, a.Used = of.Alive, of.Used
		if l.Gas != 0 {
			a.GasLeft = of.Left
		}
	}
	return a
}
