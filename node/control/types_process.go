package control

// Process describes a process at one moment.
type Process struct {
	PID      uint64  `json:"pid"`
	Parent   uint64  `json:"parent,omitempty"` // who spawned it; none: a person
	Root     uint64  `json:"root"`             // the first of its tree: all that came of it share bounds
	Name     string  `json:"name"`
	Kind     string  `json:"kind"`   // blocking | handler | supervisor | elsewhere
	Module   string  `json:"module"` // CID
	State    string  `json:"state"`  // running | waiting | exited
	Exit     string  `json:"exit,omitempty"`
	Mailbox  int     `json:"mailbox"` // letters waiting
	Refused  uint64  `json:"refused"` // messages for which there was no room
	Received uint64  `json:"received"`
	Links    int     `json:"links"`
	Monitors int     `json:"monitors"` // told of its end
	Gas      uint64  `json:"gas"`      // instructions charged so far
	Memory   uint64  `json:"memory"`   // bytes
	CPU      float64 `json:"cpu"`      // seconds
	Started  string  `json:"started"`
	// SendTo are the peers that it may send lumps to: peer ids, or "any".
	SendTo []string `json:"sendTo,omitempty"`
	// MaySpawn are the modules that it may spawn besides its own: CIDs, or "any".
	MaySpawn []string `json:"maySpawn,omitempty"`
	// SpawnOn are the peers on which it may start processes: peer ids, or "any".
	SpawnOn []string `json:"spawnOn,omitempty"`
	// MayFetch are the hosts of the web that it may ask.
	MayFetch []string `json:"mayFetch,omitempty"`
	// On is the peer on which it runs, when it is elsewhere; For is the peer that
	// had it started here.
	On  string `json:"on,omitempty"`
	For string `json:"for,omitempty"`
	// MayPut: it may store lumps on the node.
	MayPut bool `json:"mayPut,omitempty"`
	// Screen: it shows something to who watches.
	Screen bool `json:"screen,omitempty"`
	// NoWorld: it has nothing to do with the avatar.
	NoWorld bool `json:"noWorld,omitempty"`
}

type SpawnRequest struct {
	CID       string   `json:"cid,omitempty"` // exactly one of CID and Wasm
	Wasm      []byte   `json:"wasm,omitempty"`
	Name      string   `json:"name,omitempty"`
	Args      []string `json:"args,omitempty"`
	Handler   bool     `json:"handler,omitempty"`   // call handle, also when there is a run
	Low       bool     `json:"low,omitempty"`       // others go first
	Memory    uint64   `json:"memory,omitempty"`    // bytes of its tree; 0 = default
	Gas       uint64   `json:"gas,omitempty"`       // whole-life budget of its tree; 0 = none
	Processes int      `json:"processes,omitempty"` // of its tree at a time; 0 = default
	LogLevel  string   `json:"logLevel,omitempty"`  // of the least lines that are kept: debug | info | warn | error
	SendTo    []string `json:"sendTo,omitempty"`    // peers that it may send lumps to: peer ids, or "any"
	MaySpawn  []string `json:"maySpawn,omitempty"`  // modules that it may spawn besides its own: CIDs, or "any"
	MayPut    bool     `json:"mayPut,omitempty"`    // it may store lumps on the node
	NoWorld   bool     `json:"noWorld,omitempty"`   // keep the avatar from it
	SpawnOn   []string `json:"spawnOn,omitempty"`   // peers on which it may start processes: peer ids, or "any"
	MayFetch  []string `json:"mayFetch,omitempty"`  // hosts of the web that it may ask: HOST, HOST:PORT, "any", "lan:HOST:PORT"

	// On has it run on another node: CID, Name, Handler, Low and one argument at
	// most go with it. Unless Stay is set it ends when this node stops.
	On   string `json:"on,omitempty"` // peer id
	Stay bool   `json:"stay,omitempty"`
}

type SpawnResponse struct {
	Process Process `json:"process"`
}

// PsRequest asks for a list. To ask once a second is cheap with a limit.
type PsRequest struct {
	All   bool   `json:"all,omitempty"`   // exited ones too
	Tree  uint64 `json:"tree,omitempty"`  // only those of the tree that this process is of
	Sort  string `json:"sort,omitempty"`  // "" or pid | cpu | memory | mailbox | gas, the most first
	Limit int    `json:"limit,omitempty"` // 0 = MaxPs
	// Screens leaves out those that show nothing.
	Screens bool `json:"screens,omitempty"`
}

type PsResponse struct {
	Processes []Process `json:"processes"`
	Total     int       `json:"total"` // without the limit
}

type KillRequest struct {
	PID  uint64 `json:"pid"`
	Tree bool   `json:"tree,omitempty"` // and all of the same tree
}

type SendRequest struct {
	PID  uint64 `json:"pid"`
	Tag  int64  `json:"tag,omitempty"`
	Data []byte `json:"data"`
}

// TailRequest asks for the lines of a process; of all without a PID.
type TailRequest struct {
	PID    uint64 `json:"pid,omitempty"`
	Follow bool   `json:"follow,omitempty"`
	Level  string `json:"level,omitempty"` // of the least lines: debug | info | warn | error
	// Disk reads what was kept on disk, also of earlier runs of the node, in
	// which other processes had the same numbers. It does not go with Follow.
	Disk bool `json:"disk,omitempty"`
}

type LogLine struct {
	PID   uint64 `json:"pid"`
	Name  string `json:"name,omitempty"` // of the process
	Time  string `json:"time"`
	Level string `json:"level"` // debug | info | warn | error
	Text  string `json:"text"`
}
