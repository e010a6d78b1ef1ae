//go:build wasip1

package sdk

// PutLump stores at most 1 MiB on the node, and gives its CID. The error is
// Refused unless that was granted (metatopia spawn --may-put), Full when the
// tree of this process has stored 16 MiB.
func PutLump(data []byte) (cid string, err error) {
	room := make([]byte, 128) // no CID is longer
	n := mtLumpPut(ptr(data), int32(len(data)), ptr(room), int32(len(room)))
	if n < 0 {
		return "", Code(n)
	}
	return string(room[:n]), nil
}
