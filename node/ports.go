package node

import (
	"regexp"
	"slices"
	"strings"

	"github.com/metatopia/metatopia/node/p2p"
)

// savedPorts is ports.json: the ports of the last run, "udp" and "tcp". A node
// that comes back on them can still be found by the links it gave out.
type savedPorts map[string]string

var portPattern = regexp.MustCompile(`/(udp|tcp)/(\d+)`)

// listenAgain fills in the remembered port where the configuration leaves the
// choice open.
func listenAgain(listen []string, ports savedPorts) []string {
	out := slices.Clone(listen)
	for i := range out {
		for proto, port := range ports { //lint:sorted an address has one of them
			if portPattern.MatchString("/" + proto + "/" + port) {
				out[i] = strings.Replace(out[i], "/"+proto+"/0", "/"+proto+"/"+port, 1)
			}
		}
	}
	return out
}

func portsOf(addrs []string) savedPorts {
	p := savedPorts{}
	for _, a := range addrs {
		if m := portPattern.FindStringSubmatch(a); m != nil && p[m[1]] == "" {
			p[m[1]] = m[2]
		}
	}
	return p
}

// listen starts the network on the ports of the last run, or on others when
// somebody has taken those.
func (n *Node) listen(boot []string) error {
	want := n.cfg.Listen
	if want == nil {
		want = p2p.DefaultListen
	}
	cfg := p2p.Config{
		Key: n.priv, Bootstrap: boot, MDNS: n.cfg.MDNS, UserAgent: "metatopia/" + n.cfg.Version, Log: n.log,
		Dialed: n.cfg.Dialed,
		PeerUp: n.peerUp, PeerDown: n.peerDown, AddrsChanged: n.addrsChanged, Protocols: protocols(),
	}
	switch n.cfg.Reach {
	case "public":
		cfg.Reach = p2p.ReachPublic
	case "private":
		cfg.Reach = p2p.ReachPrivate
	}
	var saved savedPorts
	if _, err := n.home.loadJSON("ports.json", &saved); err != nil {
		n.log.Warn("ports of the last run are not known", "err", err)
	}
	var err error
	if cfg.Listen = listenAgain(want, saved); !slices.Equal(cfg.Listen, want) {
		if n.net, err = p2p.New(cfg); err != nil {
			n.log.Info("the ports of the last run are taken", "err", err)
		}
	}
	if n.net == nil {
		cfg.Listen = want
		if n.net, err = p2p.New(cfg); err != nil {
			return err
		}
	}
	if err := n.home.saveJSON("ports.json", portsOf(n.net.Addrs())); err != nil {
		n.log.Warn("ports not remembered", "err", err)
	}
	return nil
}
