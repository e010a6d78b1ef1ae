package terminal

import (
	"net"
	"os"
	"path/filepath"
	"testing"
)

// The table as the kernel writes it, with another user's connection, one that
// is closing, and a listener.
const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0017 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 100 1 0000000000000000 100 0 0 10 0
   1: 0100007F:C000 0100007F:0017 01 00000000:00000000 00:00000000 00000000  1001        0 101 1 0000000000000000 20 4 30 10 -1
   2: 0100007F:C001 0100007F:0017 05 00000000:00000000 00:00000000 00000000     0        0 0 1 0000000000000000
   3: broken
`

func TestSocketTable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "tcp")
	if err := os.WriteFile(file, []byte(table), 0o600); err != nil {
		t.Fatal(err)
	}
	to := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 0x17}
	for port, want := range map[int]struct {
		uid int
		ok  bool
	}{0xc000: {1001, true}, 0xc001: {0, false}, 0xc002: {0, false}} {
		from := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}
		uid, ok := socketOwner(file, procAddr(from, 4), procAddr(to, 4))
		if ok != want.ok || ok && uid != want.uid {
			t.Errorf("port %x: uid %d %v, want %+v", port, uid, ok, want)
		}
	}
	if got := procAddr(&net.TCPAddr{IP: net.IPv6loopback, Port: 1}, 16); got != "00000000000000000000000001000000:0001" {
		t.Errorf("::1 is written %s", got)
	}
	if _, ok := socketOwner(filepath.Join(t.TempDir(), "none"), "a", "b"); ok {
		t.Error("an owner from a table that is not there")
	}
}

// Other users' connections are told apart by the kernel's table.
func TestSocketOwner(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	c, err := net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	srv, err := ln.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	if !ownUser(srv) {
		t.Error("my own connection is taken for another user's")
	}
}
