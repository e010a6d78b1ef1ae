package terminal

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
)

// ownUser says whether the other end of a loopback connection belongs to the
// node's user or to root, as /proc/net/tcp has it. A connection that is
// already half closed shows no owner there and is refused: another user could
// close at once to hide.
func ownUser(conn net.Conn) bool {
	remote, ok1 := conn.RemoteAddr().(*net.TCPAddr)
	local, ok2 := conn.LocalAddr().(*net.TCPAddr)
	if !ok1 || !ok2 {
		return false
	}
	if remote.IP.To4() != nil {
		if uid, ok := socketOwner("/proc/net/tcp", procAddr(remote, 4), procAddr(local, 4)); ok {
			return uid == 0 || uid == os.Getuid()
		}
	}
	// A client's IPv6 socket may speak IPv4 too: it is listed there, mapped.
	uid, ok := socketOwner("/proc/net/tcp6", procAddr(remote, 16), procAddr(local, 16))
	return ok && (uid == 0 || uid == os.Getuid())
}

// socketOwner finds the established socket whose own address is from and whose
// peer is to. The file has a heading, then lines of: number, local address,
// remote address, state, four more fields, uid.
func socketOwner(file, from, to string) (uid int, ok bool) {
	f, err := os.Open(file)
	if err != nil {
		return 0, false
	}
	defer f.Close()
	const established = "01"
	sc := bufio.NewScanner(f)
	for sc.Scan() {
		field := strings.Fields(sc.Text())
		if len(field) < 8 || field[1] != from || field[2] != to || field[3] != established {
			continue
		}
		uid, err := strconv.Atoi(field[7])
		return uid, err == nil
	}
	return 0, false
}

// procAddr writes an address of n bytes as the kernel does: each 32-bit word of
// the address in the machine's byte order, then the port.
func procAddr(a *net.TCPAddr, n int) string {
	ip := a.IP.To16()
	ip = ip[len(ip)-n:]
	var sb strings.Builder
	for i := 0; i < len(ip); i += 4 {
		fmt.Fprintf(&sb, "%08X", binary.NativeEndian.Uint32(ip[i:]))
	}
	fmt.Fprintf(&sb, ":%04X", a.Port)
	return sb.String()
}
