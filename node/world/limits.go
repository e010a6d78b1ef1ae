package world

import "github.com/metatopia/metatopia/spatial"

const (
	// MaxName bounds the names of worlds and regions, in bytes of UTF-8.
	MaxName = 64
	// MaxRules bounds the founder's text.
	MaxRules = 8 << 10
	// MaxCharter bounds an encoded, signed charter.
	MaxCharter = 12 << 10
	// MaxRecord bounds an encoded, signed site record.
	MaxRecord = 1 << 10
	// MaxServers is the most servers a region may name.
	MaxServers = 7
	// MaxSites bounds a directory: beyond it a node keeps those it has.
	MaxSites = 1024
	// maxFounded keeps founding times in milliseconds within 63 bits.
	maxFounded = 1 << 40
	// MaxLinkAddrs bounds the addresses in a join link.
	MaxLinkAddrs = 16
	// MaxLink bounds a join link's text.
	MaxLink = 4 << 10

	// MaxCarried bounds the contents that a checkpoint carries besides the
	// state, so that its root has no more links than a reader takes; MaxLacking
	// those it names without. A region's things have room for 32,768 names.
	MaxCarried = 3500
	MaxLacking = 1024
	// MaxPad bounds the padding of a checkpoint, in MiB that are stored once:
	// each makes room for 256 small contents.
	MaxPad = 64
	// MaxState bounds the encoded State: it must fit one lump.
	MaxState = 256 << 10

	// MinSpacing and MaxSpacing bound the distance that sites keep, in units:
	// below 8 m two avatars at a border could not both stand in their region.
	MinSpacing = 8 * spatial.Unit
	MaxSpacing = 64 * 1024 * spatial.Unit
)
