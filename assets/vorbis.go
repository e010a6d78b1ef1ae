package assets

import (
	"bytes"
	"encoding/binary"
	"math"
)

// maxVorbisPacket bounds a packet of sound: 8 channels of 8192 samples in a
// block need less than that at any quality.
const maxVorbisPacket = 1 << 18

// readVorbis checks an Ogg Vorbis stream (Vorbis I specification, section 4):
// the first header, the presence of the other two, and that no packet would
// have to hold more than a block. What the code books say is left to whoever
// decodes.
func readVorbis(b, head []byte, o *oggReader) (*Sound, error) {
	if len(head) != 30 || binary.LittleEndian.Uint32(head[7:]) != 0 || head[29]&1 == 0 {
		return nil, malformed("vorbis: its header")
	}
	s := &Sound{Format: "vorbis", Channels: int(head[11]), Data: b}
	s.Rate = int(min(binary.LittleEndian.Uint32(head[12:]), math.MaxInt32))
	short, long := head[28]&15, head[28]>>4
	if short < 6 || long > 13 || short > long {
		return nil, malformed("vorbis: blocks of 2^%d and 2^%d samples", short, long)
	}
	for _, magic := range []string{"\x03vorbis", "\x05vorbis"} {
		p, err := o.packet(maxHeader)
		if err != nil {
			return nil, err
		}
		if !bytes.HasPrefix(p, []byte(magic)) {
			return nil, malformed("vorbis: header %d is missing", magic[0])
		}
	}
	packets := int64(0)
	for {
		p, err := o.packet(maxVorbisPacket)
		if err != nil {
			return nil, err
		}
		if p == nil {
			break
		}
		if len(p) > 0 && p[0]&1 != 0 {
			return nil, malformed("vorbis: a header among the sound")
		}
		packets++
	}
	// A packet gives at most half a long block beyond the one before, and the
	// first gives none.
	if s.Frames = o.granule; s.Frames > packets<<(long-1) {
		return nil, malformed("vorbis: %d packets for %d samples", packets, s.Frames)
	}
	return s, nil
}
