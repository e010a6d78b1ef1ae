package rival

import (
	"fmt"
	"strings"

	"github.com/metatopia/metatopia/raynet/raysim"
)

// rival is one of the protocols.
type rival struct {
	name  string
	kinds []string
	about string
	// make gives a machine; nodes is the size of the world, for what the
	// description wants chosen by it.
	make func(start raysim.Start, nodes int, s *shard) raysim.Machine
}

// shard is memory that the machines of one goroutine share.
type shard struct {
	prober
	cands []contact
	order []int32
	reach []reach
}

var rivals = []rival{
	{"classic", classicKinds, "RayNet as its specification has it", newClassic},
	{"von", vonKinds, "neighbours told directly, as in VON", newVon},
	{"kad", kadKinds, "places published by cell in Kademlia", newKad},
	{"knn20", knnKinds, "the 20 nearest by gossip", newKnn},
}

// Names lists the rivals.
func Names() (names []string) {
	for i := range rivals {
		names = append(names, rivals[i].name)
	}
	return names
}

// About says in a few words what a rival is.
func About(name string) string {
	for i := range rivals {
		if rivals[i].name == name {
			return rivals[i].about
		}
	}
	return ""
}

// UnknownError names a rival that there is none of.
type UnknownError struct{ Name string }

func (e UnknownError) Error() string {
	return fmt.Sprintf("no rival %q; there are %s", e.Name, strings.Join(Names(), ", "))
}

// New makes a rival for worlds of so many nodes and shards, or an
// UnknownError.
func New(name string, nodes, shards int) (raysim.Protocol, error) {
	for i := range rivals {
		if r := &rivals[i]; r.name == name {
			p := &protocol{rival: r, nodes: nodes}
			for range shards {
				p.shards = append(p.shards, &shard{})
			}
			return p, nil
		}
	}
	return nil, UnknownError{name}
}

// protocol implements raysim.Protocol.
type protocol struct {
	*rival
	nodes  int
	shards []*shard
}

func (p *protocol) Name() string    { return p.name }
func (p *protocol) Kinds() []string { return p.kinds }

func (p *protocol) New(start raysim.Start) raysim.Machine {
	return p.make(start, p.nodes, p.shards[start.Shard])
}
