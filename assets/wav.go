package assets

import (
	"encoding/binary"
	"math"
)

func isWAV(b []byte) bool {
	return len(b) >= 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WAVE"
}

// Kinds of samples (RIFF WAVE).
const (
	wavPCM        = 1
	wavFloat      = 3
	wavExtensible = 0xfffe // the kind is in the first two bytes of an identifier
)

// readWAV walks the chunks of a RIFF WAVE file. Sizes are what the file has,
// not what it says: both must agree.
func readWAV(b []byte) (*Sound, error) {
	s := &Sound{Format: "wav", Data: b}
	if n := uint64(binary.LittleEndian.Uint32(b[4:])) + 8; n > uint64(len(b)) || n+1 < uint64(len(b)) {
		return nil, malformed("wav: %d bytes, its header says %d", len(b), n)
	}
	kind, sample, align := uint16(0), 0, 0
	var data []byte
	rest := b[12:]
	for chunks := 0; len(rest) >= 8; chunks++ {
		if chunks == maxChunks {
			return nil, over("chunks of a WAV", int64(chunks)+1, maxChunks)
		}
		n := uint64(binary.LittleEndian.Uint32(rest[4:]))
		if n > uint64(len(rest)-8) {
			return nil, malformed("wav: a chunk of %d bytes, %d are left", n, len(rest)-8)
		}
		name, body := string(rest[:4]), rest[8:8+n]
		rest = rest[min(8+n+n%2, uint64(len(rest))):]
		switch name {
		case "fmt ":
			if s.Rate != 0 || len(body) < 16 {
				return nil, malformed("wav: its format")
			}
			kind = binary.LittleEndian.Uint16(body)
			s.Channels, sample = int(binary.LittleEndian.Uint16(body[2:])), int(binary.LittleEndian.Uint16(body[14:]))
			s.Rate = int(min(binary.LittleEndian.Uint32(body[4:]), math.MaxInt32))
			align = int(binary.LittleEndian.Uint16(body[12:]))
			if kind == wavExtensible && len(body) >= 26 {
				kind = binary.LittleEndian.Uint16(body[24:])
			}
		case "data":
			if data != nil || s.Rate == 0 {
				return nil, malformed("wav: two sets of samples, or one before its format")
			}
			data = body
		}
	}
	if data == nil {
		return nil, malformed("wav: no samples in it")
	}
	switch {
	case kind == wavPCM && (sample == 8 || sample == 16 || sample == 24 || sample == 32):
	case kind == wavFloat && sample == 32:
	default:
		return nil, malformed("wav: kind %d with %d bits, not PCM of 8, 16, 24, 32 or float of 32", kind, sample)
	}
	if s.Channels < 1 || align != s.Channels*sample/8 || len(data)%align != 0 {
		return nil, malformed("wav: %d channels of %d bits in frames of %d bytes, %d in all", s.Channels, sample, align, len(data))
	}
	s.Frames = int64(len(data) / align)
	if kind == wavFloat {
		for i := 0; i+4 <= len(data); i += 4 {
			if notFinite(math.Float32frombits(binary.LittleEndian.Uint32(data[i:]))) {
				return nil, malformed("wav: sample %d is not finite", i/4)
			}
		}
	}
	return s, nil
}
