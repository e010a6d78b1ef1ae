package lint

import (
	"cmp"
	"fmt"
	"slices"
)

// Finding is one broken rule at one place.
type Finding struct {
	Where string // file:line, or an import path
	Rule  string // short name of the rule
	Text  string // what is wrong and what to do instead
}

func (f Finding) String() string { return fmt.Sprintf("%s: %s: %s", f.Where, f.Rule, f.Text) }

// sorted orders findings so that two runs print the same text.
func sorted(fs []Finding) []Finding {
	slices.SortFunc(fs, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(a.Where, b.Where), cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Text, b.Text))
	})
	return slices.Compact(fs)
}
