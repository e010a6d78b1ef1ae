package assets

import "time"

// Bounds on what is read.
const (
	// MaxInput is the longest content that is loaded as an asset, in bytes.
	// An avatar with textures has 5 to 20 MiB.
	MaxInput = 32 << 20

	MaxText   = 1 << 20   // bytes of a Text
	MaxScript = 256 << 10 // bytes of a Script
	MaxModule = 8 << 20   // bytes of a Module, as scripting takes
)

// Bounds on images.
const (
	// MaxSide is the longest side of a texture in pixels: what a browser's
	// WebGL2 takes nearly everywhere.
	MaxSide = 8192
	// MaxPixels is the largest area: 4096 x 4096, 64 MiB as RGBA.
	MaxPixels = 1 << 24
	// maxImageWork is the most memory that decoding one image may take, in
	// bytes. A progressive JPEG in full colour needs 15 bytes a pixel; one of
	// the largest area with four components is refused.
	maxImageWork = 288 << 20
	// maxScans bounds the passes of a progressive JPEG over its picture.
	// Encoders write 10; each costs a pass over all blocks and may take 50
	// bytes only.
	maxScans = 64
	// maxChunks bounds the pieces of a PNG, WebP or WAV file.
	maxChunks = 1 << 14
)

// Bounds on a mesh.
const (
	MaxVertices   = 1 << 20
	MaxIndices    = 3 << 20
	MaxParts      = 1 << 12
	MaxMaterials  = 1 << 10
	MaxTextures   = 64      // inside one mesh
	maxMeshPixels = 1 << 25 // of all of them together
	MaxName       = 64      // bytes of a material's or clip's name
	// MaxCoordinate is the farthest a vertex may be from its origin, in
	// metres, so that sums of positions stay finite wherever they are used.
	MaxCoordinate = 1 << 20
)

// Bounds on a GLB, beyond those of a mesh. The JSON is held to the first four
// before it is decoded: an empty node of three bytes becomes 400 in memory.
const (
	maxJSON      = 4 << 20 // bytes
	maxJSONDepth = 32
	maxJSONItems = 1 << 19 // values in arrays and objects
	maxJSONObjs  = 1 << 16 // objects
	maxJSONKeys  = 512     // of one object

	maxBuffers    = 16
	maxViews      = 1 << 14
	maxAccessors  = 1 << 14 // an avatar with 20 clips has 7,000
	maxNodes      = 1 << 14
	maxNodeDepth  = 64
	maxScenes     = 64
	maxGLBMeshes  = 1 << 12
	maxPrimitives = 1 << 12
	maxTargets    = 256 // morph targets of a primitive
	maxSkins      = 64
	maxJoints     = 1024 // of a skin
	maxClips      = 256
	maxChannels   = 1 << 13 // and samplers, of a clip
	// maxRead is how much all accessors together may read, in bytes: many of
	// them may overlap.
	maxRead = 128 << 20
	// maxDrawn bounds the values of all attributes and indices of all
	// primitives, counting an accessor as often as it is used.
	maxDrawn = 16 << 20
)

// Bounds on a sound.
const (
	MaxChannels = 8
	MinRate     = 1000 // Hz
	MaxRate     = 192_000
	MaxDuration = 10 * time.Minute
	maxHeader   = 1 << 20 // bytes of a header packet of Ogg: Vorbis code books have some 4 kB
)

// Bounds on a Library.
const (
	// DefaultBudget is what the cache holds, in bytes of Asset.Memory, when
	// nobody says more.
	DefaultBudget = 256 << 20
	// maxEntries bounds the assets known at a time, held or not.
	maxEntries = 4096
	// maxFormats bounds the foreign formats.
	maxFormats = 64
	// entryBytes is counted for an entry beside its form.
	entryBytes = 512

	// fetchers is how many contents are fetched at a time: most of the time
	// they wait for the network.
	fetchers = 16
	// maxFetched is how many bytes of content may be in memory while they are
	// fetched and wait to be decoded.
	maxFetched = 96 << 20
	// defaultWorkers is how many decode at a time, and maxWork the memory
	// that they may need together: measured before each starts.
	defaultWorkers = 2
	maxWork        = 400 << 20

	// fetchTime bounds the fetching of one content, without waiting for a
	// turn: 32 MiB need 280 kB/s.
	fetchTime = 2 * time.Minute
	// decodeTime bounds decoding one. The slowest known files that the other
	// bounds let through take a second (BenchmarkLargest); a loader guest may
	// take longer.
	decodeTime = 20 * time.Second
)

// Bounds on a loader guest, which the node passes to the engine.
const (
	// GuestGas is what loading one content may cost. A loop is charged for all
	// that stands in it, so a loader that goes through a text by its bytes
	// pays some 400 a byte, and does 15 thousand million a second; one that
	// does nothing but loop does four, and is ended by decodeTime first.
	GuestGas = 100_000_000_000
	// GuestMemory is what a loader may have, in bytes.
	GuestMemory = 64 << 20
	// GuestOutput bounds what it may write: the largest mesh has 48 MiB
	// without textures.
	GuestOutput = 64 << 20
)
