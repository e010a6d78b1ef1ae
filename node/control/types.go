package control

// The messages of the local API. They travel as JSON in the Connect protocol
// (connectrpc.com/docs/protocol), over the node's Unix socket and, behind
// Host, Origin and token checks, to the browser. 64-bit identities are
// hexadecimal strings, positions are metres, so that every client language
// can hold them. Fields are only ever added.

// Empty is a request or a response without content.
type Empty struct{}

// Point is a world position or a velocity in metres (per second), Y up.
type Point struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
	Z float64 `json:"z"`
}

// StatusResponse says what this node is and what it counted since it started.
type StatusResponse struct {
	Name     string            `json:"name"`   // display name of the player
	Key      string            `json:"key"`    // player and node key, hex
	PeerID   string            `json:"peerId"` // libp2p form of the same key
	Addrs    []string          `json:"addrs"`  // listen addresses with /p2p/
	Home     string            `json:"home"`   // data directory
	Version  string            `json:"version"`
	Uptime   float64           `json:"uptime"` // seconds
	World    *WorldInfo        `json:"world,omitempty"`
	Avatar   *Entity           `json:"avatar,omitempty"`
	InRegion string            `json:"inRegion"`         // region that owns my avatar, "" while outside
	Regions  []Region          `json:"regions"`          // regions this node knows
	Serving  []ServedRegion    `json:"serving"`          // regions this node runs
	WebURL   string            `json:"webUrl,omitempty"` // private: holds the token; only over the socket
	Telnet   string            `json:"telnet,omitempty"` // host:port
	Mounts   []Mount           `json:"mounts,omitempty"` // directories that are read; only over the socket
	Counters map[string]uint64 `json:"counters"`
}

// WorldInfo is the founding charter, as checked by this node.
type WorldInfo struct {
	ID      string  `json:"id"` // CID of the charter
	Name    string  `json:"name"`
	Founder string  `json:"founder"` // hex key
	Founded string  `json:"founded"` // RFC 3339
	Spacing float64 `json:"spacing"` // metres between sites, at least
	Min     Point   `json:"min"`
	Max     Point   `json:"max"`
	Link    string  `json:"link,omitempty"` // join link with this node's addresses
}

// Region is a site and what owns the space around it.
type Region struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Site  Point  `json:"site"`
	Owner string `json:"owner"` // hex key
	Color string `json:"color"` // #rrggbb, derived from the id
	Live  bool   `json:"live"`  // a server answers
}

// ServedRegion is a region whose sim runs in this node.
type ServedRegion struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Tick    uint64 `json:"tick"`
	Hash    string `json:"hash"` // state hash at that tick, hex
	Players int    `json:"players"`
	Things  int    `json:"things"`
	Durable uint64 `json:"durable"`        // last tick on disk
	From    string `json:"from,omitempty"` // CID of the checkpoint that it began with
	// Origins are the regions that it comes from, the oldest first.
	Origins []RegionOrigin `json:"origins,omitempty"`
	// Copyleft: it runs no script without source and a free licence.
	Copyleft bool `json:"copyleft,omitempty"`
}

// RegionOrigin is a state of another region that a region has begun with.
type RegionOrigin struct {
	CID    string `json:"cid"`
	Region string `json:"region"` // id
	Name   string `json:"name"`
	Owner  string `json:"owner"` // hex key
	Tick   uint64 `json:"tick"`
}

// Peer is a connected libp2p peer.
type Peer struct {
	PeerID    string  `json:"peerId"`
	Key       string  `json:"key"`
	Addr      string  `json:"addr"`
	Transport string  `json:"transport"` // quic-v1, tcp, circuit, ...
	RTT       float64 `json:"rtt"`       // milliseconds, 0 when not measured
}

// Neighbour is an entry of the Raynet near view.
type Neighbour struct {
	Key      string  `json:"key"`
	PeerID   string  `json:"peerId"`
	Name     string  `json:"name,omitempty"`
	Kind     string  `json:"kind"` // site | avatar
	Pos      Point   `json:"pos"`
	Distance float64 `json:"distance"` // metres
	Age      float64 `json:"age"`      // seconds since last heard
	Rays     int     `json:"rays"`     // rays of the Voronoi cell it wins
}

type PeersResponse struct {
	Peers []Peer `json:"peers"`
}

type NeighboursResponse struct {
	Neighbours []Neighbour `json:"neighbours"`
}

// Entity is a thing as a client sees it.
type Entity struct {
	ID     string     `json:"id"`
	Kind   string     `json:"kind"` // avatar | ball | box | tree | lamp | bench | sign | ...
	Name   string     `json:"name"`
	Region string     `json:"region"` // id of the region that owns it
	Owner  string     `json:"owner,omitempty"`
	Shape  string     `json:"shape"` // sphere | box
	Size   Point      `json:"size"`  // full extents in metres (a sphere: diameter three times)
	Color  string     `json:"color"`
	Pos    Point      `json:"pos"`
	Rot    [4]float64 `json:"rot"` // quaternion x,y,z,w
	Vel    Point      `json:"vel"`
	Script string     `json:"script,omitempty"` // CID of the module, when it has one
	Me     bool       `json:"me,omitempty"`     // my own avatar
}

// Pose is the moving part of an Entity.
type Pose struct {
	ID  string     `json:"id"`
	Pos [3]float64 `json:"p"`
	Rot [4]float64 `json:"r"`
	Vel [3]float64 `json:"v"`
}

// ChatLine is something said, as heard here.
type ChatLine struct {
	From    string `json:"from"` // speaker's name
	Key     string `json:"key"`  // speaker's key, "" for a thing
	Entity  string `json:"entity"`
	Region  string `json:"region"` // name
	Text    string `json:"text"`
	Channel string `json:"channel,omitempty"` // "" is speech, heard within a distance
	Time    string `json:"time"`              // RFC 3339 at this node
	Tick    uint64 `json:"tick"`
}

// Frame is one step of the Watch stream. The first has Full set and replaces
// all that the client knew; later ones carry only what changed.
type Frame struct {
	Seq        uint64      `json:"seq"`
	Full       bool        `json:"full,omitempty"`
	World      *WorldInfo  `json:"world,omitempty"`   // in full frames
	Regions    []Region    `json:"regions,omitempty"` // when the list changed
	Upsert     []Entity    `json:"upsert,omitempty"`  // appeared, or something but the pose changed
	Poses      []Pose      `json:"poses,omitempty"`
	Gone       []string    `json:"gone,omitempty"`
	Chat       []ChatLine  `json:"chat,omitempty"`
	Me         string      `json:"me,omitempty"`         // id of my avatar, when it changed
	In         string      `json:"in,omitempty"`         // region id that owns my avatar, when it changed
	Notice     []string    `json:"notice,omitempty"`     // words for the person: refused, crossed, ...
	Neighbours []Neighbour `json:"neighbours,omitempty"` // at most once a second, when changed
}

// WatchRequest asks for frames at most Rate times a second (default 20,
// bounds 1-30).
type WatchRequest struct {
	Rate int `json:"rate,omitempty"`
}

type SayRequest struct {
	Text    string `json:"text"` // 1-512 bytes of UTF-8
	Channel string `json:"channel,omitempty"`
}

// SayResponse: the line is durable in the log of the region named.
type SayResponse struct {
	Region string `json:"region"`
	Tick   uint64 `json:"tick"`
}

// SteerRequest sets the walking velocity, metres per second in the ground
// plane, until changed; it lapses after 2 s without renewal.
type SteerRequest struct {
	X    float64 `json:"x"`
	Z    float64 `json:"z"`
	Jump bool    `json:"jump,omitempty"`
}

// WalkRequest walks my avatar towards a place, or towards a region's site by
// name. Exactly one of To and Region is set.
type WalkRequest struct {
	To     *Point `json:"to,omitempty"`
	Region string `json:"region,omitempty"`
}

type WalkResponse struct {
	To       Point   `json:"to"`
	Distance float64 `json:"distance"` // metres to go
}

// ThrowRequest throws the nearest loose thing within reach (2.5 m), or Thing,
// with a velocity in metres per second.
type ThrowRequest struct {
	Thing string `json:"thing,omitempty"`
	Vel   Point  `json:"vel"`
}

type ThrowResponse struct {
	Thing string `json:"thing"`
	Tick  uint64 `json:"tick"`
}

// TouchRequest touches a thing: its script gets a "touch" event.
type TouchRequest struct {
	Thing string `json:"thing"`
}

type TickResponse struct {
	Region string `json:"region"`
	Tick   uint64 `json:"tick"`
}

type InspectRequest struct {
	Thing string `json:"thing"`
}

// Slot is one named value of a thing, as text for people.
type Slot struct {
	Name  string `json:"name"`
	Type  string `json:"type"` // int | text | lump | bytes | bool
	Value string `json:"value"`
}

type InspectResponse struct {
	Entity    Entity `json:"entity"`
	Slots     []Slot `json:"slots"`
	Language  string `json:"language,omitempty"`
	Source    string `json:"source,omitempty"` // script source, fetched by CID and verified
	SourceCID string `json:"sourceCid,omitempty"`
	License   string `json:"license,omitempty"`
	Author    string `json:"author,omitempty"`
	Runs      uint64 `json:"runs"` // events its script has handled
	// Borrower is who may use it now, by key, and Left for how many seconds.
	Borrower  string  `json:"borrower,omitempty"`
	Left      float64 `json:"left,omitempty"`
	LastError string  `json:"lastError,omitempty"`
	// Presence is what the avatar's own node says of it; nil for other
	// things, and for avatars that this node does not hear of.
	Presence *Presence `json:"presence,omitempty"`
}

// Presence is how an avatar is known from its own node, beside its region.
type Presence struct {
	Rate string  `json:"rate"` // asked for: full or slow; none for a subscriber only
	Age  float64 `json:"age"`  // seconds since it said so
	Pos  Point   `json:"pos"`  // thought on from then
	Off  float64 `json:"off"`  // metres from where its region shows it
}

// SetSlotRequest writes one slot of a thing that the caller owns.
type SetSlotRequest struct {
	Thing string `json:"thing"`
	Slot  Slot   `json:"slot"`
}

// Lump messages.
type Lump struct {
	CID       string       `json:"cid"`
	Size      int64        `json:"size"`
	Pinned    bool         `json:"pinned"`
	Local     bool         `json:"local"`
	Providers []string     `json:"providers,omitempty"` // peer ids that the DHT names, when asked for
	Holders   []LumpHolder `json:"holders,omitempty"`   // the same, and connected nodes that have it, asked just now
}

type LumpAddRequest struct {
	Data []byte `json:"data"`
	Pin  bool   `json:"pin,omitempty"`
}

type LumpRequest struct {
	CID       string `json:"cid"`
	Providers bool   `json:"providers,omitempty"`
	Limit     int    `json:"limit,omitempty"`
	Offset    int64  `json:"offset,omitempty"` // LumpGet: byte to begin with; LumpLeaves: byte to end after
}

// LumpChunk is a piece of a lump's content, in order.
type LumpChunk struct {
	Data   []byte `json:"data,omitempty"`
	Total  int64  `json:"total"`
	Source string `json:"source,omitempty"` // disk, or the peer id it came from; first chunk only
}

type LumpListResponse struct {
	Lumps []Lump `json:"lumps"`
	Bytes int64  `json:"bytes"`
}

// LumpSweepRequest asks to free space.
type LumpSweepRequest struct {
	Leave int64 `json:"leave,omitempty"` // bytes that may stay; 0: delete all that nothing holds
}

// LumpSweep is how far a sweep has come; the last one has Done.
type LumpSweep struct {
	Marked  int64 `json:"marked"`  // lumps that stay
	Looked  int64 `json:"looked"`  // lumps looked at
	Deleted int64 `json:"deleted"` // lumps
	Freed   int64 `json:"freed"`   // bytes
	Done    bool  `json:"done"`
	Kept    int64 `json:"kept"`  // bytes that pins hold; when done
	Young   int64 `json:"young"` // bytes used too lately; when done
	Bytes   int64 `json:"bytes"` // in the store; when done
}

type WorldCreateRequest struct {
	Name    string  `json:"name"`
	Spacing float64 `json:"spacing,omitempty"` // metres, default 64
	Size    Point   `json:"size,omitempty"`    // full extents of the box, default 1024,128,1024
}

type JoinRequest struct {
	Link string `json:"link"`
	// Password is shown to regions of that world that want one, until the node
	// stops.
	Password []byte `json:"password,omitempty"`
}

type SeedRequest struct {
	Name    string `json:"name"`
	At      Point  `json:"at"`
	Furnish string `json:"furnish,omitempty"` // starting set of things: "" | hearth | commons
	From    string `json:"from,omitempty"`    // CID of a checkpoint whose things it begins with
	// Copyleft: it will run no script without source and a free licence.
	Copyleft bool `json:"copyleft,omitempty"`
	// Trust is what its servers are taken for, "" for TrustCrash.
	Trust string `json:"trust,omitempty"`
	// Store is where the region keeps what outlasts it; "" nowhere.
	Store string `json:"store,omitempty"`
	// Roles says how its admins are succeeded; nil: as most regions do.
	Roles *AdminSettings `json:"roles,omitempty"`
}

type DoctorCheck struct {
	Name   string `json:"name"`
	OK     bool   `json:"ok"`
	Detail string `json:"detail"`
	Hint   string `json:"hint,omitempty"`
}

type DoctorResponse struct {
	Checks []DoctorCheck `json:"checks"`
}
