package scripting

import (
	"cmp"
	"slices"

	"github.com/metatopia/metatopia/scripting/admit"
)

// Function is a function that guests can import.
type Function struct {
	Module, Name                 string
	Params, Results              []admit.ValType
	Handlers, Processes, Loaders bool // who may
}

// Functions lists all, by module and name.
func Functions() []Function {
	var all []Function
	for _, f := range hostFuncs() {
		if f.to&^forImage == 0 {
			continue // the meter is the host's own
		}
		all = append(all, Function{
			Module: f.module, Name: f.name, Params: slices.Clone(f.sig.Params), Results: slices.Clone(f.sig.Results),
			Handlers: f.to&forHandler != 0, Processes: f.to&forProcess != 0, Loaders: f.to&forLoader != 0,
		})
	}
	slices.SortFunc(all, func(a, b Function) int { return cmp.Or(cmp.Compare(a.Module, b.Module), cmp.Compare(a.Name, b.Name)) })
	return all
}
