package pkg

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Known are the privileges that there are, with what they allow.
var Known = []struct{ Name, Allows string }{
	{"http", "ask the web; =HOST, =HOST:PORT or =any says where, =lan:HOST:PORT is for a private address"},
	{"lump.put", "store lumps on the node"},
	{"lump.send", "send lumps to peers; =PEER or =any says to whom"},
	{"process.spawn", "start processes from other modules; =CID or =any says from which"},
	{"world", "see, walk, talk, touch and throw as this node's avatar"},
}

// privileged are interfaces that a process's package must ask a privilege for:
// without it every call is refused. Interfaces of which some calls need one
// (mt:lump send) are not among them.
var privileged = map[string]string{"mt:world": "world", "mt:http": "http"}

// NeededBy is the privilege that an import of a process needs, or "".
func NeededBy(imported string) string {
	name, _, _ := SplitInterface(imported)
	return privileged[name]
}

// valued are the privileges that say with whom.
var valued = map[string]string{"lump.send": "lump.send=any or lump.send=PEER", "process.spawn": "process.spawn=any or process.spawn=CID",
	"http": "http=any or http=HOST"}

// Grant is a privilege given, perhaps with limits: "world", "lump.send=PEER".
type Grant struct{ Name, Value string }

// ParseGrant reads one grant.
func ParseGrant(s string) (Grant, error) {
	name, value, has := strings.Cut(s, "=")
	i := slices.IndexFunc(Known, func(k struct{ Name, Allows string }) bool { return k.Name == name })
	switch {
	case i < 0:
		var names []string
		for _, k := range Known {
			names = append(names, k.Name)
		}
		return Grant{}, fmt.Errorf("%w: privilege %q is none of %s", ErrManifest, clip(name), strings.Join(names, ", "))
	case valued[name] != "" && (!has || value == ""):
		return Grant{}, fmt.Errorf("%w: say what for, as %s", ErrManifest, valued[name])
	case valued[name] == "" && has:
		return Grant{}, fmt.Errorf("%w: %s takes no value", ErrManifest, name)
	case len(value) > MaxOption || strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }):
		return Grant{}, fmt.Errorf("%w: %s: not a peer id, CID or host", ErrManifest, name)
	}
	return Grant{name, value}, nil
}

func (g Grant) String() string {
	if g.Value == "" {
		return g.Name
	}
	return g.Name + "=" + g.Value
}

// ErrNotGranted: the package wants more than it is given.
var ErrNotGranted = errors.New("privilege not granted")

// Decide is the policy: of what the package asks for it gets what is granted. A
// grant that the package does not ask for is left out: the manifest bounds it
// too. Missing is what it asks for, needs and does not get.
func (m *Manifest) Decide(grants []Grant) (given []Grant, missing []Privilege) {
	for _, p := range m.Privileges {
		n := len(given)
		for _, g := range grants {
			if g.Name == p.Name && !slices.Contains(given, g) {
				given = append(given, g)
			}
		}
		if len(given) == n && !p.Optional {
			missing = append(missing, p)
		}
	}
	return given, missing
}

// Asks tells whether the package asks for a privilege.
func (m *Manifest) Asks(privilege string) bool {
	return slices.ContainsFunc(m.Privileges, func(p Privilege) bool { return p.Name == privilege })
}
