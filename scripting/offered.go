package scripting

import (
	"slices"
	"strings"
)

// Offered lists the interfaces that this version has for guests of any kind, as
// "mt:log@1", sorted.
func Offered() []string {
	var names []string
	for _, f := range hostFuncs() {
		if f.to != 0 && strings.HasPrefix(f.module, "mt:") {
			names = append(names, f.module)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
