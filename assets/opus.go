package assets

import (
	"bytes"
	"encoding/binary"
)

// maxOpusPacket bounds a packet of sound: 48 frames of 1275 bytes with their
// lengths, for each of the streams of eight channels (RFC 6716, section 3.4).
const maxOpusPacket = 8 * 61_440

// readOpus checks an Ogg Opus stream (RFC 7845): the two headers, and that the
// packets hold as many samples as the pages say.
func readOpus(b, head []byte, o *oggReader) (*Sound, error) {
	if len(head) < 19 || head[8]&0xf0 != 0 {
		return nil, malformed("opus: its header")
	}
	s := &Sound{Format: "opus", Rate: 48_000, Channels: int(head[9]), Data: b}
	skip := int64(binary.LittleEndian.Uint16(head[10:]))
	switch family := head[18]; {
	case family == 0 && (s.Channels < 1 || s.Channels > 2):
		return nil, malformed("opus: %d channels without a map of them", s.Channels)
	case family == 1 && len(head) != 21+s.Channels:
		return nil, malformed("opus: its map of channels")
	case family > 1:
		return nil, refused("Opus with channels of kind %d", family)
	}
	tags, err := o.packet(maxHeader)
	if err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(tags, []byte("OpusTags")) {
		return nil, malformed("opus: no tags after its header")
	}
	samples := int64(0)
	for {
		p, err := o.packet(maxOpusPacket)
		if err != nil {
			return nil, err
		}
		if p == nil {
			break
		}
		n, err := opusSamples(p)
		if err != nil {
			return nil, err
		}
		samples += n // at most 5760 a page segment: cannot overflow
	}
	// The end may be cut within the last packet; it cannot be beyond it.
	if s.Frames = o.granule - skip; o.granule > samples {
		return nil, malformed("opus: %d samples, its pages say %d", samples, o.granule)
	}
	return s, nil
}

// opusSamples is how many samples at 48 kHz a packet holds (RFC 6716, sections
// 3.1 and 3.2), at most 120 ms.
func opusSamples(p []byte) (int64, error) {
	if len(p) == 0 {
		return 0, malformed("opus: an empty packet")
	}
	var frame int64
	switch config := p[0] >> 3; {
	case config < 12: // SILK: 10, 20, 40, 60 ms
		frame = [4]int64{480, 960, 1920, 2880}[config%4]
	case config < 16: // hybrid: 10, 20 ms
		frame = [2]int64{480, 960}[config%2]
	default: // CELT: 2.5, 5, 10, 20 ms
		frame = int64(120) << (config % 4)
	}
	n := int64(1)
	switch p[0] & 3 {
	case 1, 2:
		n = 2
	case 3:
		if len(p) < 2 || p[1]&0x3f == 0 {
			return 0, malformed("opus: a packet without frames")
		}
		n = int64(p[1] & 0x3f)
	}
	if n*frame > 5760 {
		return 0, malformed("opus: a packet of more than 120 ms")
	}
	return n * frame, nil
}
