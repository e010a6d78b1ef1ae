package physics

import "encoding/binary"

// Hash is a 64-bit digest of the canonical state: equal states have equal
// hashes on every machine. It is for comparing replicas, not for security. It
// costs what is awake, besides an addition for every body.
func (w *World) Hash() uint64 {
	e := &w.encoder
	e.B = w.buf[:0]
	w.cfg.appendTo(e)
	for _, s := range sections {
		if s.digest != nil {
			s.digest(w, e)
		} else {
			s.append(w, e)
		}
	}
	w.buf, e.B = e.B, nil
	return digest(w.buf)
}

// digest folds b in words of eight bytes, the last padded with zeros, and its
// length.
func digest(b []byte) uint64 {
	h := sum(uint64(len(b)) * odd1)
	for ; len(b) >= 8; b = b[8:] {
		h.word(binary.LittleEndian.Uint64(b))
	}
	if len(b) > 0 {
		var word [8]byte
		copy(word[:], b)
		h.word(binary.LittleEndian.Uint64(word[:]))
	}
	return h.end()
}
