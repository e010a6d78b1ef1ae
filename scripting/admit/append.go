package admit

import "encoding/binary"

func appendU32(b []byte, v uint32) []byte { return binary.AppendUvarint(b, uint64(v)) }

func appendSigned(b []byte, v int64) []byte {
	for {
		c := byte(v & 0x7f)
		v >>= 7
		if (v == 0 && c&0x40 == 0) || (v == -1 && c&0x40 != 0) {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}

func appendName(b []byte, s string) []byte {
	return append(appendU32(b, uint32(len(s))), s...)
}

// appendSection writes a section unless it is empty.
func appendSection(b []byte, id byte, body []byte) []byte {
	if len(body) == 0 {
		return b
	}
	return append(appendU32(append(b, id), uint32(len(body))), body...)
}

// appendVector writes a count and the entries.
func appendVector(n uint32, entries []byte) []byte {
	if n == 0 {
		return nil
	}
	return append(appendU32(nil, n), entries...)
}
