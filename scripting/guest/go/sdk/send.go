//go:build wasip1

package sdk

import (
	"bytes"
	"strconv"
	"strings"
)

// SendLump begins to send a lump that is on the node to another node, and gives
// the number of the transfer. How it ends comes as a message: see
// Letter.Sent. The error is Refused unless the process was granted the peer
// (metatopia spawn --may-send), Full while four are on their way.
func SendLump(cid, peer, note string) (int, error) {
	n := mtLumpSend(cid, peer, note)
	return int(n), check(n)
}

// Sent is how a transfer ended.
type Sent struct {
	Number  int
	Err     error  // a Code, nil when it is there
	Receipt string // of the receiver, as metatopia lump receipt reads it
}

// Sent reads a message about a transfer; false for any other.
func (m *Letter) Sent() (Sent, bool) {
	if !m.FromNode || !bytes.HasPrefix(m.Data, []byte("sent\t")) {
		return Sent{}, false
	}
	f := strings.Split(string(m.Data), "\t")
	if len(f) != 4 {
		return Sent{}, false
	}
	number, err := strconv.Atoi(f[1])
	code, err2 := strconv.Atoi(f[2])
	if err != nil || err2 != nil {
		return Sent{}, false
	}
	return Sent{Number: number, Err: check(int32(code)), Receipt: f[3]}, true
}
