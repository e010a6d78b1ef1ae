package transfer

import "fmt"

// marks walks the bits that tell which lumps the receiver has, in the order of
// the content, beside the reader of the tree. Both sides have the same.
type marks struct{ rows []markRow }

type markRow struct {
	bits []byte
	n    int // children of the node
	at   int
}

// push begins the children of a node.
func (m *marks) push(bits []byte, n int) { m.rows = append(m.rows, markRow{bits: bits, n: n}) }

// next tells whether the next lump of the tree is at the receiver already.
func (m *marks) next() bool {
	for len(m.rows) > 0 {
		top := &m.rows[len(m.rows)-1]
		if top.at < top.n {
			here := bit(top.bits, top.at)
			top.at++
			return here
		}
		m.rows = m.rows[:len(m.rows)-1]
	}
	return false
}

func bit(bits []byte, i int) bool { return bits[i/8]>>(i%8)&1 != 0 }

func bitsFor(n int) []byte { return make([]byte, (n+7)/8) }

// checkHave holds a kindHave message to its one form: a bit for each of n
// children, the lowest first, and zeros after.
func checkHave(b []byte, n int) error {
	if len(b) != (n+7)/8 || n%8 != 0 && b[len(b)-1]>>(n%8) != 0 {
		return fmt.Errorf("%d bytes of marks for %d lumps: %w", len(b), n, ErrProtocol)
	}
	return nil
}
