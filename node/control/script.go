package control

import "fmt"

// ScriptAddRequest stores a script and, when a thing is named, makes it the
// script of that thing, which the caller must own.
type ScriptAddRequest struct {
	Name    string      `json:"name"` // of the file; its ending tells the language
	Text    string      `json:"text"`
	Uses    []ScriptUse `json:"uses,omitempty"`
	Process bool        `json:"process,omitempty"` // for Spawn, not for a thing
	Thing   string      `json:"thing,omitempty"`   // an id, or the name of a thing in sight
	License string      `json:"license,omitempty"`
	Author  string      `json:"author,omitempty"`
}

// ScriptUse binds a name of a script to a stored module.
type ScriptUse struct {
	Name string `json:"name"`
	CID  string `json:"cid"`
}

// ScriptAddResponse says what was stored, and since when the thing has it.
type ScriptAddResponse struct {
	CID    string `json:"cid"`
	Source string `json:"source"`
	Driver string `json:"driver"`
	Gas    uint64 `json:"gas"` // that making it ready took
	Thing  string `json:"thing,omitempty"`
	Region string `json:"region,omitempty"`
	Tick   uint64 `json:"tick,omitempty"`
}

func (r *ScriptAddRequest) check() error {
	if len(r.Text) > MaxScriptBytes {
		return fmt.Errorf("the script has %d bytes, the limit is %d", len(r.Text), MaxScriptBytes)
	}
	if len(r.Uses) > MaxScriptUses {
		return fmt.Errorf("%d modules, the limit is %d", len(r.Uses), MaxScriptUses)
	}
	if r.Process && r.Thing != "" {
		return fmt.Errorf("a thing cannot run the script of a process")
	}
	for _, u := range r.Uses {
		if err := first(opaque("name of a module", u.Name, 1, MaxNameBytes), opaque("cid", u.CID, 1, MaxIDBytes)); err != nil {
			return err
		}
	}
	return first(
		opaque("name", r.Name, 1, MaxNameBytes),
		text("thing", r.Thing, 0, MaxIDBytes),
		text("license", r.License, 0, MaxNameBytes),
		text("author", r.Author, 0, MaxNameBytes),
	)
}

// ScriptRollbackRequest gives a thing the script that it had before: an id, or
// the name of a thing in sight.
type ScriptRollbackRequest struct {
	Thing string `json:"thing"`
}

func (r *ScriptRollbackRequest) check() error {
	return opaque("thing", r.Thing, 1, MaxNameBytes)
}
