package node

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/node/packages"
	"github.com/metatopia/metatopia/scripting/pkg"
)

// Releases are asked for: a stream with one question in a frame. "of an author,
// from a number on" is answered by frames 'R' with a release each, in order, and
// 'E' with evidence; "who has a package of this name" by frames 'A' with a key.
const (
	protoPackages   = "/metatopia/packages/1"
	askReleases     = 1
	askAuthors      = 2
	answerRelease   = 'R'
	answerEvidence  = 'E'
	answerAuthor    = 'A'
	packagesTimeout = 8 * time.Second
	// maxKeysNamed bounds the authors that one node names, and those that are asked
	// about for one name.
	maxKeysNamed = 16
	maxQuestion  = 64
	maxAnswer    = 1 + 2*(pkg.MaxRelease+4)
)

func (n *Node) servePackages(_ base.Key, s p2p.Stream) {
	answer(s, packagesTimeout, func(r *bufio.Reader, w io.Writer) bool {
		q, err := p2p.ReadFrame(r, maxQuestion)
		if err != nil {
			return false
		}
		send := func(kind byte, b []byte) bool {
			_, err := w.Write(p2p.AppendFrame(nil, append([]byte{kind}, b...)))
			return err == nil
		}
		known := n.answerPackages(q, send)
		if !known {
			n.count.add(countRefused, 1)
		}
		return known
	})
}

// answerPackages is false for what is no question.
func (n *Node) answerPackages(q []byte, send func(kind byte, b []byte) bool) bool {
	d := base.NewDecoder(q)
	switch d.U8() {
	case askReleases:
		k, from := d.Key(), d.U64()
		if d.Done() != nil || from == 0 {
			return false
		}
		h := n.packages.History(k)
		for i := from - 1; i < uint64(len(h.Releases)); i++ {
			if !send(answerRelease, h.Releases[i].Encode()) {
				return true
			}
		}
		if h.Against != nil {
			send(answerEvidence, h.Against.Encode())
		}
	case askAuthors:
		name := d.Str(pkg.MaxName)
		if d.Done() != nil || pkg.CheckName(name) != nil {
			return false
		}
		for i, k := range n.packages.Naming(name) {
			if i == maxKeysNamed || !send(answerAuthor, k[:]) {
				break
			}
		}
	default:
		return false
	}
	return true
}

// askNode puts one question to one node and gives each answer to take, which is
// false to hear no more.
func (n *Node) askNode(ctx context.Context, k base.Key, q []byte, take func(kind byte, b []byte) bool) error {
	ctx, cancel := context.WithTimeout(ctx, packagesTimeout)
	defer cancel()
	return n.ask(ctx, k, protoPackages, p2p.AppendFrame(nil, q), func(r *bufio.Reader) error {
		for range pkg.MaxReleases + 1 {
			b, err := p2p.ReadFrame(r, maxAnswer)
			if err != nil || len(b) == 0 || !take(b[0], b[1:]) {
				return nil // the end, or what came before it
			}
		}
		return nil
	})
}

// pullReleases asks one node for what it knows of an author and learns it.
func (n *Node) pullReleases(ctx context.Context, from, author base.Key) error {
	var e base.Encoder
	e.U8(askReleases)
	e.Key(author)
	// The last one again: if it is another there, so is what came before.
	e.U64(max(1, uint64(len(n.packages.History(author).Releases))))
	var list []*pkg.Release
	var against *pkg.Evidence
	var bad error
	err := n.askNode(ctx, from, e.B, func(kind byte, b []byte) bool {
		switch kind {
		case answerRelease:
			var r *pkg.Release
			if r, bad = pkg.ParseRelease(b); bad == nil {
				list = append(list, r)
			}
		case answerEvidence:
			against, bad = pkg.ParseEvidence(b)
		}
		return bad == nil
	})
	if bad != nil {
		n.count.add(countRefused, 1)
		return bad
	}
	if err != nil || len(list) == 0 && against == nil {
		return err
	}
	changed, err := n.packages.Learn(author, list, against)
	if errors.Is(err, pkg.ErrConflict) || changed && against != nil {
		n.log.Warn("an author of packages has signed two things where there can be one", "author", author, "heard from", from.Short())
	} else if err != nil {
		n.count.add(countRefused, 1)
	}
	return err
}

// nearPeers are connected nodes to ask, those first that are named.
func (n *Node) nearPeers(first ...base.Key) []base.Key {
	var out []base.Key
	add := func(k base.Key) {
		if k != n.key && !k.IsZero() && !slices.Contains(out, k) && len(out) < askPeers {
			out = append(out, k)
		}
	}
	for _, k := range first {
		add(k)
	}
	for _, p := range n.net.Peers() {
		add(p.Key)
	}
	return out
}

// askSome asks several nodes at once and waits for all.
func askSome(peers []base.Key, ask func(base.Key)) {
	var wg sync.WaitGroup
	room := make(chan struct{}, askAtOnce)
	for _, k := range peers {
		room <- struct{}{}
		wg.Go(func() {
			defer func() { <-room }()
			ask(k)
		})
	}
	wg.Wait()
}

// refresh learns what can be heard of an author: from the connected nodes, from
// the author's own node, and, if that gives nothing at all, from whoever
// announces that it knows the author's releases.
func (n *Node) refresh(ctx context.Context, author base.Key) {
	askSome(n.nearPeers(author), func(k base.Key) {
		if err := n.pullReleases(ctx, k, author); err != nil {
			n.log.Debug("releases not heard", "author", author.Short(), "from", k.Short(), "err", err)
		}
	})
	if author == n.key || len(n.packages.History(author).Releases) > 0 {
		return
	}
	find, cancel := context.WithTimeout(ctx, providerAsk)
	defer cancel()
	ids, err := p2p.Providers(find, n.lumps, lumps.Of(pkg.Rendezvous(author)), providerMax)
	if err != nil {
		n.log.Debug("nobody found who knows an author", "author", author.Short(), "err", err)
	}
	var more []base.Key
	for _, id := range ids {
		if k, err := p2p.KeyOfPeer(id); err == nil && k != n.key {
			more = append(more, k)
		}
	}
	askSome(more, func(k base.Key) { _ = n.pullReleases(ctx, k, author) }) // who does not answer knows nothing
}

// authorsOf asks the connected nodes who has released a package of a name.
func (n *Node) authorsOf(ctx context.Context, name string) []base.Key {
	var e base.Encoder
	e.U8(askAuthors)
	e.Str(name)
	var mu sync.Mutex
	found := n.packages.Naming(name)
	askSome(n.nearPeers(), func(k base.Key) {
		_ = n.askNode(ctx, k, e.B, func(kind byte, b []byte) bool { // who does not answer knows nobody
			if kind != answerAuthor || len(b) != len(base.Key{}) {
				return false
			}
			mu.Lock()
			defer mu.Unlock()
			if a := base.Key(b); !slices.Contains(found, a) && len(found) < maxKeysNamed {
				found = append(found, a)
			}
			return true
		})
	})
	slices.SortFunc(found, base.Key.Compare)
	return found
}

// releasesOf learns of everybody who may be meant and gives the authors who have
// the name out.
func (n *Node) releasesOf(ctx context.Context, r pkg.Reference) []base.Key {
	if k, ok := r.Key(); ok {
		n.refresh(ctx, k)
	} else {
		for _, k := range n.authorsOf(ctx, r.Name) {
			if r.By(k) {
				n.refresh(ctx, k)
			}
		}
	}
	return slices.DeleteFunc(n.packages.Naming(r.Name), func(k base.Key) bool { return !r.By(k) })
}

// lookUp finds a package that is published, or has a CID, and reads its
// manifest.
func (n *Node) lookUp(ctx context.Context, r pkg.Reference) (lumps.Ref, *pkg.Manifest, error) {
	if !r.Root.IsZero() {
		m, err := n.readPackage(ctx, r.Root)
		if err != nil {
			return lumps.Ref{}, nil, err
		}
		n.refresh(ctx, m.Publisher()) // is its version something else?
		_, err = n.published(m, r.Root)
		return r.Root, m, err
	}
	authors := n.releasesOf(ctx, r)
	switch len(authors) {
	case 0:
		return lumps.Ref{}, nil, fmt.Errorf("%s: nobody who is connected knows it: %w", r, packages.ErrNone)
	case 1:
	default:
		var names []string
		for _, k := range authors {
			names = append(names, k.Short()+"/"+r.Name)
		}
		return lumps.Ref{}, nil, fmt.Errorf("%s: %w: %s", r, packages.ErrAmbiguous, strings.Join(names, ", "))
	}
	h := n.packages.History(authors[0])
	rel := h.Newest(r.Name, false)
	if r.Exact {
		rel = h.Find(r.Name, r.Version)
	}
	switch {
	case rel == nil && h.Against != nil && !r.Exact:
		return lumps.Ref{}, nil, fmt.Errorf("%s: %w: nothing of %s is certain from release %d on", r, pkg.ErrConflict, h.Author.Short(), h.Against.Seq())
	case rel == nil:
		return lumps.Ref{}, nil, fmt.Errorf("%s: %s has not released that version: %w", r, h.Author.Short(), packages.ErrNone)
	}
	m, err := n.readRelease(ctx, rel)
	return rel.Package, m, err
}

// readRelease reads the manifest of a release and holds it to that.
func (n *Node) readRelease(ctx context.Context, rel *pkg.Release) (*pkg.Manifest, error) {
	m, err := n.readPackage(ctx, rel.Package)
	if err != nil {
		return nil, err
	}
	if m.Publisher() != rel.Author || m.Name != rel.Name || m.Version != rel.Version {
		return nil, fmt.Errorf("%w: what %s released as %s is %s", pkg.ErrManifest, rel.Author.Short(), rel.ID(), m.ID())
	}
	_, err = n.published(m, rel.Package)
	return m, err
}
