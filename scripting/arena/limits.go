package arena

const (
	osPage = 4096

	minSlot   = 64 << 10  // bytes: a page of WebAssembly
	smallSlot = 256 << 10 // a memory of at most this starts in a slot of its size and moves once when it grows
	maxClass  = 28
	MaxSlot   = 1 << maxClass // bytes a memory may have

	chunkSlots = 256      // slots that are reserved together,
	minChunk   = 64 << 20 // but at least this many bytes

	hotBytes = 2 << 20 // unused slots of one class that keep their pages

	// An image with less content than this is copied: mapping it costs two
	// system calls and two areas a memory.
	mapContent = 12 << 10
	maxFiles   = 256 // images in files of their own
	keptSlots  = 16  // mapped slots that an image keeps ready

	// discardAbove is from how many bytes on a memory is reset by giving its
	// pages back, and not by clearing it.
	discardAbove = 1 << 20

	// Above, the pages that were written to are looked up and written over when
	// they are at most so many; a page costs a tenth of giving it back and
	// having it again.
	maxRewrite = 256
	maxLookup  = 16 << 20 // bytes that are looked at for it
)
