package scripting

import (
	"fmt"

	"github.com/metatopia/metatopia/scripting/iface"
)

// described gives an interface's description by its ID, nil when there is none.
var described = func(id string) *iface.Interface {
	if i := iface.Find(id); i != nil && i.ID() == id {
		return i
	}
	return nil
}

// Deprecated says which interfaces the module imports that are on their way out,
// for people: "mt:x@1 is deprecated (why): use mt:x@2". They are served like any
// other.
func (m *Module) Deprecated() []string {
	var notes []string
	for _, id := range m.Interfaces() {
		if i := described(id); i != nil && i.Deprecated != "" {
			notes = append(notes, fmt.Sprintf("%s is deprecated (%s): use %s", id, i.Deprecated, i.Instead))
		}
	}
	return notes
}
