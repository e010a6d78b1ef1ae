package node

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/region/wire"
)

const (
	blocksFile = "blocks.json"
	maxBlocks  = 4096
	maxMasked  = 4096
)

// savedBlock is somebody whom this node's person does not want to meet.
type savedBlock struct {
	Key    base.Key  `json:"key"`
	Name   string    `json:"name,omitempty"` // as it was called when it was blocked
	Things bool      `json:"things,omitempty"`
	Since  time.Time `json:"since"`
}

// blocks hides people from this node's person, in every region and between
// them. It is this node's own affair: nobody is told.
type blocks struct {
	home *home

	mu     sync.Mutex
	of     map[base.Key]savedBlock
	masked map[base.ID]base.Key // things that are not shown, and because of whom
}

func openBlocks(h *home) (*blocks, error) {
	b := &blocks{home: h, of: map[base.Key]savedBlock{}, masked: map[base.ID]base.Key{}}
	var list []savedBlock
	if _, err := h.loadJSON(blocksFile, &list); err != nil {
		return nil, err
	}
	for _, x := range list[:min(len(list), maxBlocks)] {
		b.of[x.Key] = x
	}
	return b, nil
}

func (b *blocks) list() []savedBlock {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.listed()
}

func (b *blocks) listed() []savedBlock {
	out := make([]savedBlock, 0, len(b.of))
	for _, x := range b.of { //lint:sorted below
		out = append(out, x)
	}
	slices.SortFunc(out, func(a, b savedBlock) int { return a.Key.Compare(b.Key) })
	return out
}

// blocked reports whether somebody is hidden.
func (b *blocks) blocked(k base.Key) bool {
	if k.IsZero() {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	_, ok := b.of[k]
	return ok
}

// hides reports whether a thing is not to be shown, and remembers it.
func (b *blocks) hides(e *wire.Entity) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	who := e.Player
	x, ok := b.of[who]
	if !ok {
		if who = e.Owner; who.IsZero() {
			return false
		}
		if x, ok = b.of[who]; !ok || !x.Things {
			return false
		}
	}
	if len(b.masked) >= maxMasked {
		clear(b.masked)
	}
	b.masked[e.Pose.ID] = who
	return true
}

// mute reports whether nothing is to be heard of who, or what, has spoken.
func (b *blocks) mute(player base.Key, thing base.ID) bool {
	if b.blocked(player) {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	who, ok := b.masked[thing]
	if !ok {
		return false
	}
	_, ok = b.of[who]
	return ok
}

// masks reports whether a body is not to be shown.
func (b *blocks) masks(id base.ID) bool { return b.mute(base.Key{}, id) }

// set blocks somebody, or unblocks with nil, and writes the list.
func (b *blocks) set(k base.Key, x *savedBlock) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	old, had := b.of[k]
	switch {
	case x == nil:
		delete(b.of, k)
		for id, who := range b.masked { //lint:sorted each on its own
			if who == k {
				delete(b.masked, id)
			}
		}
	case !had && len(b.of) >= maxBlocks:
		return control.Errorf(control.TooLarge, "unblock somebody first: `metatopia blocks`", "%d people are blocked already", maxBlocks)
	default:
		b.of[k] = *x
		b.masked[base.AvatarID(k)] = k
	}
	err := b.home.saveJSON(blocksFile, b.listed())
	if err != nil { // what is not on disk does not hold
		delete(b.of, k)
		if had {
			b.of[k] = old
		}
	}
	return err
}

// forget takes somebody off the screen: what they own too, and what they said.
func (v *view) forget(hides func(*wire.Entity) bool, key string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.rev++
	v.dropWhere(func(s *shown) bool { return hides(&s.e) })
	v.chat = slices.DeleteFunc(v.chat, func(c revised[control.ChatLine]) bool { return c.v.Key == key })
}

// again shows all that the regions have told once more.
func (p *player) again() {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := time.Now()
	for _, c := range p.conns { //lint:sorted each on its own
		if c.shown != nil {
			c.waiting = now
			c.present(now)
		}
	}
}

// Block hides somebody from my screens.
func (b *backend) Block(ctx context.Context, req *control.BlockRequest) (*control.BlocksResponse, error) {
	w, k, name, err := b.somebody(ctx, req.Player)
	if err != nil {
		return nil, err
	}
	if k == b.key {
		return nil, control.Errorf(control.Invalid, "", "this is yourself")
	}
	if err := b.blocks.set(k, &savedBlock{Key: k, Name: name, Things: req.Things, Since: time.Now().UTC()}); err != nil {
		return nil, err
	}
	if w != nil {
		w.player.view.forget(b.blocks.hides, k.String())
	}
	return b.Blocks(ctx)
}

// Unblock shows somebody again.
func (b *backend) Unblock(ctx context.Context, req *control.BlockRequest) (*control.BlocksResponse, error) {
	k, err := b.blockedAs(req.Player)
	if err != nil {
		return nil, err
	}
	if err := b.blocks.set(k, nil); err != nil {
		return nil, err
	}
	if w := b.current(); w != nil {
		w.player.again()
	}
	return b.Blocks(ctx)
}

// Blocks lists whom I have blocked.
func (b *backend) Blocks(context.Context) (*control.BlocksResponse, error) {
	out := &control.BlocksResponse{Blocks: []control.Block{}}
	for _, x := range b.blocks.list() {
		out.Blocks = append(out.Blocks, control.Block{Key: x.Key.String(), Peer: p2p.PeerID(x.Key), Name: x.Name, Things: x.Things, Since: x.Since.Format(time.RFC3339)})
	}
	return out, nil
}

// blockedAs finds one of the blocked by key, peer id, first digits or the name
// that it had.
func (b *backend) blockedAs(text string) (base.Key, error) {
	var found []base.Key
	for _, x := range b.blocks.list() {
		if x.Key.String() == text || p2p.PeerID(x.Key) == text {
			return x.Key, nil
		}
		if x.Name == text || len(text) >= 4 && strings.HasPrefix(x.Key.String(), text) {
			found = append(found, x.Key)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return base.Key{}, control.Errorf(control.NotFound, "see `metatopia blocks`", "nobody called %q is blocked", text)
	}
	return base.Key{}, control.Errorf(control.Conflict, "give the whole key: `metatopia blocks`", "%d of the blocked are called %q", len(found), text)
}

// somebody finds a person by key, peer id, first digits or the name of somebody
// near.
func (b *backend) somebody(ctx context.Context, text string) (*worldState, base.Key, string, error) {
	w := b.current()
	k, err := base.ParseKey(text)
	if err != nil {
		k, err = p2p.KeyOfPeer(text)
	}
	if err != nil {
		if w == nil {
			return nil, k, "", control.Errorf(control.NotFound, "give a key or a peer id", "the node is in no world: nobody is near")
		}
		if k, err = w.whoIs(ctx, base.ID{}, text); err != nil {
			return w, k, "", err
		}
	}
	if w == nil {
		return nil, k, "", nil
	}
	s, ok := w.player.view.get(base.AvatarID(k))
	if !ok {
		return w, k, "", nil
	}
	return w, k, s.e.Name, nil
}
