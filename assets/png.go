package assets

import (
	"encoding/binary"
	"strings"
)

const pngMagic = "\x89PNG\r\n\x1a\n"

func isPNG(b []byte) bool { return strings.HasPrefix(string(b[:min(len(b), 8)]), pngMagic) }

// measurePNG walks the chunks (PNG specification, third edition, section 5).
// image/png holds the pixels, and for an interlaced image those of one pass
// more.
func measurePNG(b []byte) (imageInfo, error) {
	var info imageInfo
	var depth, kind, interlace byte
	rest, chunks, data := b[len(pngMagic):], 0, false
	for ended := false; !ended; chunks++ {
		if chunks == maxChunks {
			return info, over("chunks of a PNG", int64(chunks)+1, maxChunks)
		}
		if len(rest) < 12 {
			return info, malformed("png: cut off")
		}
		n := binary.BigEndian.Uint32(rest)
		if uint64(n) > uint64(len(rest)-12) {
			return info, malformed("png: a chunk of %d bytes, %d are left", n, len(rest)-12)
		}
		name, body := string(rest[4:8]), rest[8:8+n]
		rest = rest[12+n:]
		if (name == "IHDR") != (chunks == 0) {
			return info, malformed("png: the header is not first, or not alone")
		}
		switch name {
		case "IHDR":
			if n != 13 {
				return info, malformed("png: a header of %d bytes", n)
			}
			w, h := binary.BigEndian.Uint32(body), binary.BigEndian.Uint32(body[4:])
			if w > MaxSide || h > MaxSide {
				return info, over("pixels of a side", int64(max(w, h)), MaxSide)
			}
			info.width, info.height = int(w), int(h)
			depth, kind, interlace = body[8], body[9], body[12]
		case "tRNS":
			info.alpha = true
		case "acTL", "fcTL", "fdAT":
			return info, refused("an animated PNG")
		case "IDAT":
			data = true
		case "IEND":
			ended = true
		}
	}
	if len(rest) > 0 || !data {
		return info, malformed("png: %d bytes after its end", len(rest))
	}
	pixel := int64(4)
	switch kind {
	case 0, 3: // grey, palette
		pixel = 1
	case 2: // colour
	case 4, 6: // with opacity
		info.alpha = true
	default:
		return info, malformed("png: colour type %d", kind)
	}
	if info.alpha {
		pixel = 4
	}
	if depth == 16 {
		pixel *= 2
	}
	info.work = info.pixels()*pixel + 1<<20
	if interlace != 0 {
		info.work += info.pixels() * pixel / 2
	}
	return info, nil
}
