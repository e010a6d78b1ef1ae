package scripting

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/metatopia/metatopia/scripting/process"
)

// LumpSender sends a content that is on this node to another node, and gives
// the receipt. ctx ends when the process is killed; it must return soon then.
type LumpSender interface {
	SendLump(ctx context.Context, cid, peer, note string) (receipt []byte, err error)
}

// Grants are what a process may do beyond what every process may, or not even
// that. The zero value is what every process may.
type Grants struct {
	// NoWorld keeps the avatar of the node from it: mt:world refuses, and it
	// hears nothing that is said around the avatar.
	NoWorld bool
	// NoLumps keeps the lumps of the node from it: mt:lump refuses.
	NoLumps bool
	// Put lets it store lumps on the node.
	Put bool
	// SendTo are the peer ids that it may send lumps to; AnyPeer stands for
	// all. The text counts: a peer id must be in its usual form.
	SendTo []string
	// Modules are the CIDs of other modules that it may spawn; AnyModule stands
	// for all.
	Modules []string
	// SpawnOn are the peer ids of nodes on which it may start processes, as far
	// as their owners agree; AnyPeer stands for all.
	SpawnOn []string
	// Web are the hosts that it may ask: see AnyHost and LocalHost.
	Web []string
}

// AnyPeer in Grants.SendTo, AnyModule in Grants.Modules.
const (
	AnyPeer   = "any"
	AnyModule = "any"
)

func (g Grants) sendTo(peer string) bool {
	return slices.Contains(g.SendTo, AnyPeer) || slices.Contains(g.SendTo, peer)
}

func (g Grants) module(cid string) bool {
	return slices.Contains(g.Modules, AnyModule) || slices.Contains(g.Modules, cid)
}

func (g Grants) check() error {
	size := 0
	for _, p := range g.SendTo {
		size += len(p)
	}
	if len(g.SendTo) > maxGrants || size > maxGrants*maxPeerText {
		return fmt.Errorf("%w: grants for %d peers, %d bytes", ErrTooLarge, len(g.SendTo), size)
	}
	size = 0
	for _, p := range g.SpawnOn {
		size += len(p)
	}
	if len(g.SpawnOn) > maxGrants || size > maxGrants*maxPeerText {
		return fmt.Errorf("%w: grants for %d peers, %d bytes", ErrTooLarge, len(g.SpawnOn), size)
	}
	size = 0
	for _, c := range g.Modules {
		size += len(c)
	}
	if len(g.Modules) > maxGrants || size > maxGrants*maxCID {
		return fmt.Errorf("%w: grants for %d modules, %d bytes", ErrTooLarge, len(g.Modules), size)
	}
	return g.checkWeb()
}

// mt:lump@1 send. The answer is the number of the transfer; how it ended comes
// as a message: the room for it is kept from here on, so that it cannot be lost.
func sendFuncs() []hostFunc {
	return []hostFunc{fn("mt:lump@1", "send", "iiiiii:i", forProcess, func(g *guest, s []uint64) {
		cid, ok := g.text(s[0], s[1], maxCID)
		peer, ok2 := g.text(s[2], s[3], maxPeerText)
		note, ok3 := g.text(s[4], s[5], maxSendNote)
		if !ok || !ok2 || !ok3 || cid == "" || peer == "" {
			ret(s, codeInvalid)
			return
		}
		g.charge(gasWorld)
		ret(s, g.p.sendLump(strings.Clone(cid), strings.Clone(peer), strings.Clone(note)))
	})}
}

func (a *actor) sendLump(cid, peer, note string) int32 {
	r := a.more()
	switch sender := a.table.cfg.Sender; {
	case sender == nil:
		return codeUnavailable
	case !a.tree.grants.sendTo(peer):
		return codeRefused
	case r.sending.Add(1) > maxSends || !a.proc.Reserve(maxSentText):
		r.sending.Add(-1)
		return codeFull
	default:
		r.sent++
		n := r.sent
		r.work.Go(func() {
			receipt, err := sender.SendLump(lifetime{a.proc}, cid, peer, note)
			code := codeOf(err)
			if err != nil {
				receipt = nil
				a.logLine(levelWarn, fmt.Sprintf("lump %s not sent: %v", cid, err))
			}
			text := fmt.Sprintf("sent\t%d\t%d\t%s", n, code, hex.EncodeToString(receipt))
			if len(text) > maxSentText {
				text = fmt.Sprintf("sent\t%d\t%d\t", n, codeTooLarge)
			}
			r.sending.Add(-1)
			a.proc.Deliver(process.Letter{Data: []byte(text), Node: true}, maxSentText)
		})
		return n
	}
}
