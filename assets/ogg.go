package assets

import (
	"bytes"
	"encoding/binary"
)

func isOgg(b []byte) bool { return bytes.HasPrefix(b, []byte("OggS")) }

// oggCRC is the table of the checksum of a page: polynomial 0x04c11db7, most
// significant bit first, no inversion (RFC 3533, section 6).
var oggCRC = func() (t [256]uint32) {
	for i := range t {
		r := uint32(i) << 24
		for range 8 {
			if r&(1<<31) != 0 {
				r = r<<1 ^ 0x04c11db7
			} else {
				r <<= 1
			}
		}
		t[i] = r
	}
	return t
}()

func oggSum(crc uint32, b []byte) uint32 {
	for _, c := range b {
		crc = crc<<8 ^ oggCRC[byte(crc>>24)^c]
	}
	return crc
}

// oggReader gives the packets of an Ogg file with one logical stream, and
// checks every page. It holds at most one packet, and copies only those that
// cross pages.
type oggReader struct {
	rest    []byte
	serial  uint32
	pages   uint32
	granule int64 // of the last page that ended a packet
	ended   bool  // the last page said so

	lacing, body []byte // of the page being read
	part         []byte // of a packet that goes on
	going        bool
}

const oggNoGranule = -1

// page reads the next page's header and checks the page.
func (o *oggReader) page() error {
	b := o.rest
	if o.ended {
		return refused("an Ogg file with more than one stream, or with bytes after its end")
	}
	if len(b) < 27 || string(b[:5]) != "OggS\x00" {
		return malformed("ogg: no page where page %d should be", o.pages)
	}
	head := 27 + int(b[26])
	if len(b) < head {
		return malformed("ogg: cut off")
	}
	n := 0
	for _, l := range b[27:head] {
		n += int(l)
	}
	if len(b) < head+n {
		return malformed("ogg: page %d has %d bytes, %d are left", o.pages, n, len(b)-head)
	}
	// The sum is over the page with four zeros in its own place.
	crc := oggSum(oggSum(oggSum(0, b[:22]), make([]byte, 4)), b[26:head+n])
	if crc != binary.LittleEndian.Uint32(b[22:]) {
		return malformed("ogg: page %d has a wrong checksum", o.pages)
	}
	flags, granule := b[5], int64(binary.LittleEndian.Uint64(b[6:]))
	serial, seq := binary.LittleEndian.Uint32(b[14:]), binary.LittleEndian.Uint32(b[18:])
	if o.pages == 0 {
		o.serial = serial
	}
	switch {
	case serial != o.serial || (flags&2 != 0) != (o.pages == 0):
		return refused("an Ogg file with more than one stream")
	case seq != o.pages:
		return malformed("ogg: page %d where %d should be", seq, o.pages)
	case (flags&1 != 0) != o.going:
		return malformed("ogg: page %d does not go on where the one before ended", seq)
	case granule != oggNoGranule && granule < o.granule:
		return malformed("ogg: page %d goes back in time", seq)
	}
	if granule != oggNoGranule {
		o.granule = granule
	}
	o.pages++
	o.ended = flags&4 != 0
	o.lacing, o.body, o.rest = b[27:head], b[head:head+n], b[head+n:]
	return nil
}

// packet gives the next packet; nil, nil at the end. The bytes are good until
// the next call. A packet longer than most is an error.
func (o *oggReader) packet(most int) ([]byte, error) {
	o.part = o.part[:0]
	for {
		for len(o.lacing) == 0 {
			if len(o.rest) == 0 {
				if o.going || !o.ended {
					return nil, malformed("ogg: cut off")
				}
				return nil, nil
			}
			if err := o.page(); err != nil {
				return nil, err
			}
		}
		n, done := 0, false
		i := 0
		for ; i < len(o.lacing) && !done; i++ {
			n += int(o.lacing[i])
			done = o.lacing[i] < 255
		}
		piece := o.body[:n]
		o.lacing, o.body, o.going = o.lacing[i:], o.body[n:], !done
		if len(o.part)+n > most {
			return nil, over("bytes of a packet of Ogg", int64(len(o.part)+n), int64(most))
		}
		if done && len(o.part) == 0 {
			return piece, nil
		}
		if o.part = append(o.part, piece...); done {
			return o.part, nil
		}
	}
}

// readOgg tells Opus from Vorbis by the first packet.
func readOgg(b []byte) (*Sound, error) {
	o := &oggReader{rest: b}
	first, err := o.packet(maxHeader)
	if err != nil {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(first, []byte("OpusHead")):
		return readOpus(b, first, o)
	case bytes.HasPrefix(first, []byte("\x01vorbis")):
		return readVorbis(b, first, o)
	}
	return nil, refused("an Ogg file with neither Opus nor Vorbis")
}
