package assets

import "encoding/binary"

func isWebP(b []byte) bool {
	return len(b) >= 12 && string(b[:4]) == "RIFF" && string(b[8:12]) == "WEBP"
}

// measureWebP walks the chunks (RFC 9649). The sizes of canvas and picture
// must agree before the decoder sees either: it makes room for the opacity
// from the canvas alone.
func measureWebP(b []byte) (imageInfo, error) {
	var info imageInfo
	if n := binary.LittleEndian.Uint32(b[4:]); uint64(n)+8 != uint64(len(b)) || n%2 != 0 {
		return info, malformed("webp: %d bytes, its header says %d", len(b), uint64(n)+8)
	}
	var canvas, picture imageInfo
	alph := false
	rest := b[12:]
	for chunks := 0; len(rest) > 0; chunks++ {
		if chunks == maxChunks {
			return info, over("chunks of a WebP", int64(chunks)+1, maxChunks)
		}
		if len(rest) < 8 {
			return info, malformed("webp: cut off")
		}
		n := uint64(binary.LittleEndian.Uint32(rest[4:]))
		if n+n%2 > uint64(len(rest)-8) {
			return info, malformed("webp: a chunk of %d bytes, %d are left", n, len(rest)-8)
		}
		name, body := string(rest[:4]), rest[8:8+n]
		rest = rest[8+n+n%2:]
		var err error
		switch name {
		case "VP8X":
			if chunks != 0 || n != 10 {
				return info, malformed("webp: its canvas is not first")
			}
			if body[0]&2 != 0 {
				return info, refused("an animated WebP")
			}
			canvas.width, canvas.height = 1+le24(body[4:]), 1+le24(body[7:])
			err = canvas.check()
		case "ANIM", "ANMF":
			return info, refused("an animated WebP")
		case "ALPH":
			alph = true
		case "VP8 ", "VP8L":
			if picture.width != 0 {
				return info, malformed("webp: two pictures")
			}
			if picture, err = vp8Header(name, body); err == nil {
				err = picture.check()
			}
		}
		if err != nil {
			return info, err
		}
	}
	if picture.width == 0 {
		return info, malformed("webp: no picture in it")
	}
	if canvas.width != 0 && (canvas.width != picture.width || canvas.height != picture.height) {
		return info, malformed("webp: a canvas of %d x %d for a picture of %d x %d", canvas.width, canvas.height, picture.width, picture.height)
	}
	if alph {
		picture.alpha = true
		picture.work += picture.pixels()*9 + vp8lTables // decoded as a picture without loss, then copied
	}
	return picture, nil
}

// vp8lTables is what the code tables of a picture without loss may take beside
// its pixels: x/image takes at most 2600 groups, of up to 52 kB each, and a
// file of a few kilobytes can ask for all of them.
const vp8lTables = 144 << 20

func vp8Header(name string, b []byte) (imageInfo, error) {
	if name == "VP8 " {
		// RFC 6386, section 9.1: a key frame.
		if len(b) < 10 || b[0]&1 != 0 || string(b[3:6]) != "\x9d\x01\x2a" {
			return imageInfo{}, malformed("webp: no key frame")
		}
		i := imageInfo{width: int(binary.LittleEndian.Uint16(b[6:])) & 0x3fff, height: int(binary.LittleEndian.Uint16(b[8:])) & 0x3fff}
		i.work = i.pixels()*2 + 1<<20
		return i, nil
	}
	// RFC 9649, section 3.4.
	if len(b) < 5 || b[0] != 0x2f {
		return imageInfo{}, malformed("webp: no signature of a picture without loss")
	}
	bits := binary.LittleEndian.Uint32(b[1:])
	i := imageInfo{width: int(bits&0x3fff) + 1, height: int(bits>>14&0x3fff) + 1, alpha: bits>>28&1 != 0}
	i.work = i.pixels()*8 + vp8lTables
	return i, nil
}

func le24(b []byte) int { return int(b[0]) | int(b[1])<<8 | int(b[2])<<16 }
