package world

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/metatopia/metatopia/lumps"
)

// Link is how a person is invited: the WorldID and where to start asking. Its
// text is metatopia:WORLDID?at=MULTIADDR&at=... A link carries no secret.
type Link struct {
	World lumps.Ref
	Addrs []string // multiaddrs with /p2p/
}

// String gives the text form.
func (l Link) String() string {
	v := url.Values{}
	for _, a := range l.Addrs {
		v.Add("at", a)
	}
	s := "metatopia:" + l.World.String()
	if len(v) > 0 {
		// Slashes are legal in a query and keep the link readable.
		s += "?" + strings.ReplaceAll(v.Encode(), "%2F", "/")
	}
	return s
}

// ParseLink reads the text form. Addresses are checked when they are dialled.
func ParseLink(s string) (Link, error) {
	var l Link
	if len(s) > MaxLink {
		return l, fmt.Errorf("world: link: at most %d bytes", MaxLink)
	}
	u, err := url.Parse(strings.TrimSpace(s))
	if err != nil {
		return l, fmt.Errorf("world: link: %w", err)
	}
	if u.Scheme != "metatopia" || u.Opaque == "" {
		return l, fmt.Errorf("world: link: want metatopia:WORLDID?at=ADDRESS, got %.40q", s)
	}
	if l.World, err = lumps.Parse(u.Opaque); err != nil {
		return l, fmt.Errorf("world: link: %w", err)
	}
	q, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return l, fmt.Errorf("world: link: %w", err)
	}
	l.Addrs = q["at"]
	if len(l.Addrs) > MaxLinkAddrs {
		return Link{}, fmt.Errorf("world: link: %d addresses, at most %d", len(l.Addrs), MaxLinkAddrs)
	}
	return l, nil
}
