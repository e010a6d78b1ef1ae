package demo

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/metatopia/metatopia/node/control"
)

// The stage: two sites 64 m apart, so that the border is the plane x = 32.
const (
	worldName = "Hearth and Commons"
	spacing   = 64.0
	borderX   = 32.0
)

var (
	worldSize = control.Point{X: 256, Y: 64, Z: 192}
	hearth    = control.SeedRequest{Name: "Hearthside", At: control.Point{}, Furnish: "hearth"}
	commons   = control.SeedRequest{Name: "Commons", At: control.Point{X: 64}, Furnish: "commons"}
)

// role is what a node is there for.
type role uint8

const (
	owner    role = iota // serves a region, has no page
	visitor              // you: page, telnet, socket
	resident             // walks by itself
)

// part is one node of the demo.
type part struct {
	dir  string // below Config.Home
	name string // as others see it
	role role
	n    int // which resident, from 0
}

var names = []string{
	"Ada", "Bruno", "Chidi", "Dilek", "Emre", "Freya", "Goran", "Hana", "Imani", "Jonas", "Kaveh", "Lin", "Maya", "Nuno", "Oyu", "Pia",
	"Quinn", "Rosa", "Sven", "Tariq", "Uma", "Vera", "Wren", "Xeni", "Yusuf", "Zoe",
}

// cast lists the nodes: the founder first, then the other owner, you, and the
// residents.
func cast(residents int) []part {
	parts := []part{
		{dir: "hearthside", name: "Hearthside", role: owner},
		{dir: "commons", name: "Commons", role: owner},
		{dir: "you", name: "Visitor", role: visitor},
	}
	for n := range residents {
		name := names[n%len(names)]
		if n >= len(names) {
			name += " " + strconv.Itoa(n/len(names)+1)
		}
		parts = append(parts, part{
			dir:  fmt.Sprintf("resident-%d-%s", n+1, strings.ToLower(names[n%len(names)])),
			name: name, role: resident, n: n,
		})
	}
	return parts
}

// args is the command line of a node. link is empty for the founder.
func (p part) args(home, link string) []string {
	args := []string{
		"up", "--json", "--home", home, "--name", p.name, "--no-mdns",
		"--listen", "/ip4/127.0.0.1/udp/0/quic-v1", "--listen", "/ip4/127.0.0.1/tcp/0",
	}
	if p.role != visitor {
		args = append(args, "--no-web", "--no-telnet")
	}
	if p.role == owner {
		// Who only serves a region does not stand in it.
		args = append(args, "--absent")
	}
	if link != "" {
		args = append(args, "--join", link)
	}
	return args
}

// lines are what residents say; each node starts at another one.
var lines = []string{
	"Good to see you.",
	"I have come over the border again.",
	"The lamp at Hearthside was lit last night.",
	"Mind the ball.",
	"Is anybody at the Commons?",
	"Listen, the bell.",
	"It is quiet by the trees.",
	"Whose ball is this?",
}

// walk gives a resident's route: places on both sides of the border, each
// resident with its own lane so that they do not queue behind one another.
func walk(n int) []control.Point {
	z := float64(n%7)*4 - 12
	near, far := borderX-8-float64(n%3)*3, borderX+8+float64(n%4)*3
	return []control.Point{
		{X: near, Z: z}, {X: far, Z: z}, {X: far, Z: z + 3}, {X: near, Z: z + 3},
	}
}
