package control

// Messages about what stays: kept regions, mounted directories, parts of
// contents and who has them.

// Mount is a directory of this machine whose files can become contents.
type Mount struct {
	Name    string `json:"name"`              // "" in a request: that of the directory
	Dir     string `json:"dir"`               // absolute
	Hidden  bool   `json:"hidden,omitempty"`  // what has a dot in front too
	MaxFile int64  `json:"maxFile,omitempty"` // bytes of the largest file
}

// MountName names one.
type MountName struct {
	Name string `json:"name"`
}

type MountsResponse struct {
	Mounts []Mount `json:"mounts"`
}

// MountFile is a file in a mounted directory.
type MountFile struct {
	Path string `json:"path"`
	Size int64  `json:"size"`
	CID  string `json:"cid,omitempty"`
	Read bool   `json:"read"`          // read just now: new, or changed
	Why  string `json:"why,omitempty"` // it has no CID
}

// LumpLeaf is a part of a content whose bytes have one hash.
type LumpLeaf struct {
	Size int64  `json:"size"`
	Sum  []byte `json:"sum,omitempty"` // SHA-256; none for bytes that have no hash of their own
}

// LumpLeaves are leaves in the order of the content.
type LumpLeaves struct {
	Leaves []LumpLeaf `json:"leaves"`
}

// LumpHolder is a node that has a lump, or is said to have it.
type LumpHolder struct {
	PeerID    string `json:"peerId"`
	Self      bool   `json:"self"`      // this node
	Announced bool   `json:"announced"` // the DHT names it
	Connected bool   `json:"connected"`
	Answer    string `json:"answer"` // has it | has it not | silent
}

// LumpForgotten is what became of content that was deleted here.
type LumpForgotten struct {
	CID     string `json:"cid"`
	Deleted int64  `json:"deleted"` // lumps
	Freed   int64  `json:"freed"`   // bytes
	Kept    int64  `json:"kept"`    // bytes that another pin holds, at the least
	Young   int64  `json:"young"`   // bytes that somebody is using right now
}

// KeepRequest asks to keep the checkpoints of a region, or of every region of
// the world. At least one field is set.
type KeepRequest struct {
	Region string `json:"region,omitempty"` // name or id
	World  bool   `json:"world,omitempty"`
	Quota  int64  `json:"quota,omitempty"` // bytes for all that is kept of this world; 0 leaves it
}

// UnkeepRequest lets one go; exactly one field is set.
type UnkeepRequest struct {
	Region string `json:"region,omitempty"`
	World  bool   `json:"world,omitempty"` // the regions that were kept with the world
}

// KeptResponse is what is kept of the world's regions.
type KeptResponse struct {
	World   bool         `json:"world"` // every region of the world is kept
	Quota   int64        `json:"quota"` // bytes
	Used    int64        `json:"used"`  // of the quota; shared parts once, own regions not
	Regions []KeptRegion `json:"regions"`
}

// KeptRegion is the newest checkpoint of a region that is here.
type KeptRegion struct {
	ID    string   `json:"id"`
	Name  string   `json:"name"`
	Owner string   `json:"owner"`          // hex key
	Own   bool     `json:"own"`            // served here
	Root  string   `json:"root,omitempty"` // CID; none: nothing is here yet
	Tick  uint64   `json:"tick"`
	Hash  string   `json:"hash"` // state hash at that tick, hex
	Time  string   `json:"time"` // RFC 3339, by the server's clock
	Age   float64  `json:"age"`  // seconds since then
	Bytes int64    `json:"bytes"`
	Whole bool     `json:"whole"`          // everything that the checkpoint carries is here
	Carry int      `json:"carry"`          // scripts and other contents in it
	Lacks int      `json:"lacks"`          // contents that the state names and its server did not have
	From  string   `json:"from,omitempty"` // peer id that sent it
	Older []string `json:"older"`          // CIDs of checkpoints kept beside it
	Error string   `json:"error,omitempty"`
}

// CheckpointRequest asks a region served here for a checkpoint now.
type CheckpointRequest struct {
	Region string `json:"region,omitempty"` // name or id; "" when only one is served
}
