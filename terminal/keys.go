package terminal

import "unicode/utf8"

// key is a character typed, or one of the keys below, which lie outside
// Unicode.
type key = rune

const (
	keyEnter key = utf8.MaxRune + 1 + iota
	keyBack
	keyDelete
	keyLeft
	keyRight
	keyUp
	keyDown
	keyHome
	keyEnd
	keyPageUp
	keyPageDown
	keyEraseLine
	keyEraseWord
	keyRedraw
	keyQuit
)

// keyReader turns bytes into keys. It keeps an unfinished UTF-8 sequence or
// escape sequence, both short, until the rest comes.
type keyReader struct{ held []byte }

// maxHeld bounds an escape sequence; longer ones are no keys.
const maxHeld = 16

func (k *keyReader) feed(b []byte, out []key) []key {
	k.held = append(k.held, b...)
	i := 0
	for i < len(k.held) {
		r, n := nextKey(k.held[i:])
		if n == 0 && len(k.held)-i < maxHeld {
			break // unfinished
		}
		if n == 0 {
			i++ // too long for a sequence: drop its first byte
			continue
		}
		if r != 0 {
			out = append(out, r)
		}
		i += n
	}
	k.held = append(k.held[:0], k.held[i:]...)
	return out
}

// nextKey gives the first key of b and its length; key 0 is to be ignored,
// length 0 means that b ends within a sequence.
func nextKey(b []byte) (key, int) {
	switch c := b[0]; c {
	case '\r', '\n':
		return keyEnter, 1
	case 8, 127:
		return keyBack, 1
	case 1:
		return keyHome, 1
	case 5:
		return keyEnd, 1
	case 12:
		return keyRedraw, 1
	case 21:
		return keyEraseLine, 1
	case 23:
		return keyEraseWord, 1
	case 3, 4:
		return keyQuit, 1
	case 27:
		return escape(b)
	default:
		if c < ' ' {
			return 0, 1
		}
	}
	if !utf8.FullRune(b) {
		return 0, 0
	}
	r, n := utf8.DecodeRune(b)
	if r == utf8.RuneError || !printable(r) {
		return 0, n
	}
	return r, n
}

var csiKeys = map[string]key{
	"A": keyUp, "B": keyDown, "C": keyRight, "D": keyLeft, "H": keyHome, "F": keyEnd,
	"1~": keyHome, "7~": keyHome, "4~": keyEnd, "8~": keyEnd,
	"3~": keyDelete, "5~": keyPageUp, "6~": keyPageDown,
}

// escape reads ESC [ parameters final, and ESC O final. An ESC before anything
// else is dropped alone.
func escape(b []byte) (key, int) {
	if len(b) == 1 {
		return 0, 0
	}
	if b[1] != '[' && b[1] != 'O' {
		return 0, 1
	}
	for i := 2; i < len(b); i++ {
		if b[i] >= 0x40 && b[i] <= 0x7e {
			return csiKeys[string(b[2:i+1])], i + 1
		}
		if b[i] < 0x20 || b[i] > 0x3f {
			return 0, i // not a parameter: the sequence is broken
		}
	}
	return 0, 0
}
