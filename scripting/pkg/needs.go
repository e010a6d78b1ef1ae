package pkg

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// SplitInterface reads "mt:log@1".
func SplitInterface(s string) (name string, version uint16, ok bool) {
	name, v, found := strings.Cut(s, "@")
	n, err := strconv.ParseUint(v, 10, 16)
	return name, uint16(n), found && err == nil && name != ""
}

// Require adds what the modules import and the manifest does not mention, so
// that an author need not write down what the module shows anyway. imports are
// as "mt:log@1"; what is no interface of that form is left out.
func (m *Manifest) Require(imports []string) {
	for _, s := range imports {
		name, v, ok := SplitInterface(s)
		if !ok {
			continue
		}
		i, has := slices.BinarySearchFunc(m.Interfaces, name, func(x Interface, n string) int { return cmp.Compare(x.Name, n) })
		if !has {
			m.Interfaces = slices.Insert(m.Interfaces, i, Interface{Name: name, From: v, To: v})
		}
	}
}

// Covers tells whether the manifest admits to what a module imports.
func (m *Manifest) Covers(imports []string) error {
	for _, s := range imports {
		name, v, ok := SplitInterface(s)
		if !ok {
			continue
		}
		if !slices.ContainsFunc(m.Interfaces, func(x Interface) bool { return x.Name == name && x.From <= v && v <= x.To }) {
			return fmt.Errorf("%w: a module imports %s, which the manifest does not name", ErrManifest, s)
		}
	}
	return nil
}

// Lacks are the interfaces that the package needs and that are not among those
// offered, as "mt:x@1-2".
func (m *Manifest) Lacks(offered []string) (out []string) {
	for _, x := range m.Interfaces {
		if x.Optional {
			continue
		}
		if !slices.ContainsFunc(offered, func(s string) bool {
			name, v, ok := SplitInterface(s)
			return ok && name == x.Name && x.From <= v && v <= x.To
		}) {
			out = append(out, x.String())
		}
	}
	return out
}

// String is "mt:log@1" or "mt:log@1-3".
func (x Interface) String() string {
	if x.From == x.To {
		return fmt.Sprintf("%s@%d", x.Name, x.From)
	}
	return fmt.Sprintf("%s@%d-%d", x.Name, x.From, x.To)
}
