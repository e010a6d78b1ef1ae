package control

import "time"

// Bounds on what a client may send. They are checked before the backend sees
// anything.
const (
	// MaxRequestBytes bounds one ordinary request as JSON, after
	// decompression. The largest is a slot of MaxSlotBytes, escaped.
	MaxRequestBytes = 256 << 10

	// MaxChunkBytes bounds the data of one LumpAdd or LumpGet message: the
	// size of one block of a stored file.
	MaxChunkBytes = 1 << 20

	// maxChunkMessage is MaxChunkBytes in base64 with room for the fields.
	maxChunkMessage = MaxChunkBytes/3*4 + 4096

	// MaxPs bounds the processes in one list.
	MaxPs = 10_000
	// MaxWasmBytes bounds a module sent inside a SpawnRequest; a larger one
	// goes through LumpAdd.
	MaxWasmBytes = 16 << 20

	maxSpawnMessage = MaxWasmBytes/3*4 + MaxRequestBytes

	// MaxReplyBytes bounds one message that a client accepts from a node.
	MaxReplyBytes = 16 << 20

	MaxTextBytes     = 512      // a spoken line
	MaxChannelBytes  = 64       // a chat channel's name
	MaxUndoPart      = 6 << 10  // a part of a proposal to undo something
	MaxNameBytes     = 64       // a world's, region's or process's name
	MaxLinkBytes     = 4096     // a join link with many addresses
	MaxPathBytes     = 4096     // a directory to mount
	MaxIDBytes       = 128      // a thing's id or a CID as text
	MaxSlotBytes     = 32 << 10 // one slot's value as text
	MaxScriptBytes   = 64 << 10 // the text of a script
	MaxScriptUses    = 8        // modules that a script binds
	MaxMessageBytes  = 64 << 10 // data sent to a process
	MaxNoteBytes     = 200      // words that go with a lump
	MaxArgs          = 64       // arguments of a process
	MaxArgBytes      = 4096     // one argument
	MaxRefBytes      = 192      // [AUTHOR/]NAME[@VERSION]
	MaxGrants        = 64       // privileges given to one package
	MaxSendTo        = 64       // peers that a process may send to
	maxReceiptText   = 1024     // a receipt in hexadecimal; one has 376 digits
	MaxScreenEvents  = 64       // done at a screen at once
	MaxScreenEvent   = 256      // one of them
	MaxHintBytes     = 512      // a hint in an error
	MaxCoordinate    = 1 << 32  // metres: beyond any world box, within exact float64 and Pos
	MaxSpeed         = 1000     // metres per second asked for in a steer or a throw
	MaxWatchRate     = 30       // frames a second
	DefaultWatchRate = 20

	MaxShardRate   = 10            // looks at the physics a second
	MaxShardRadius = 64            // metres around the avatar
	MaxShardSteps  = 2 * 3600 * 60 // steps of one recording: two hours

	// MaxWebConns bounds the browser side's connections: a browser opens six
	// a host, and tabs are few.
	MaxWebConns = 256

	// MaxUnixConns bounds the socket's connections: telnet sessions share the
	// node's own client, so these are commands and scripts.
	MaxUnixConns = 1024
)

// Time bounds. Streams have none: they end with their client or the node.
const (
	unaryTimeout      = 2 * time.Minute // the longest unary work is a search for providers
	readHeaderTimeout = 10 * time.Second
	idleTimeout       = 2 * time.Minute
	strangerTimeout   = 20 * time.Second // a request without a token, whole: the page is some 200 kB from this machine
	closeTimeout      = 5 * time.Second
	probeTimeout      = 2 * time.Second // how long another node may take to answer on a socket found
)
