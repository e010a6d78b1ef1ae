package guest

// Meta describes a shipped guest. Languages are names for people.
type Meta struct {
	Name     string
	Kind     string // "process", "handler" or "loader"; "driver" and "process driver" run scripts as the first two
	Language string // "AssemblyScript", "C" or "Go"
	License  string // SPDX
	Author   string
	About    string
}

const author = "The Metatopia Authors"

// Lua and LuaProcess name the drivers of scripts in Lua: of things and of
// processes.
const (
	Lua        = "lua"
	LuaProcess = "lua-process"
)

// List is every shipped guest, by name.
func List() []Meta {
	return []Meta{
		{"bell", "handler", "AssemblyScript", "MIT", author, "rings when touched and counts"},
		{"compiler", "process", "Go", "MIT", author, "makes modules of programs in Mote, stores and starts them"},
		{"courier", "process", "AssemblyScript", "MIT", author, "sends a lump to another node, if it is let"},
		{"greeter", "process", "Go", "MIT", author, "answers messages, says hello when asked"},
		{"lamp", "handler", "AssemblyScript", "MIT", author, "is switched on and off by a touch"},
		{Lua, "driver", "C", "MIT", "Lua.org, PUC-Rio; " + author, "runs things' scripts in Lua"},
		{LuaProcess, "process driver", "C", "MIT", "Lua.org, PUC-Rio; " + author, "runs processes in Lua"},
		{"obj", "loader", "AssemblyScript", "MIT", author, "reads Wavefront OBJ models, with their materials when they stand in the same file"},
		{"resident", "process", "AssemblyScript", "MIT", author, "walks between places, talks, throws balls over the border"},
		{"runner", "handler", "AssemblyScript", "MIT", author, "a ball that rolls down a track and leaps to the next"},
		{"sketch", "process", "AssemblyScript", "MIT", author, "a sheet to draw on, with keys that sound"},
	}
}

func find(name string) (Meta, bool) {
	for _, m := range List() {
		if m.Name == name {
			return m, true
		}
	}
	return Meta{}, false
}
