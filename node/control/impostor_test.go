package control

import (
	"context"
	"net"
	"path/filepath"
	"runtime"
	"testing"
)

// A socket that another user made where a node's is expected gets nothing.
func TestClientRefusesAnotherUsersNode(t *testing.T) {
	if runtime.GOOS != "linux" && runtime.GOOS != "darwin" {
		t.Skip("no peer credentials on this system")
	}
	path := filepath.Join(t.TempDir(), "s")
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	got := make(chan int, 1)
	go func() {
		c, err := ln.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		n, _ := c.Read(make([]byte, 64)) // the end is what it should see
		got <- n
	}()
	asked := false
	c := dial(path, func(uint32) bool { asked = true; return false })
	defer c.Close()
	_, err = c.Say(context.Background(), &SayRequest{Text: "secret"})
	if CodeOf(err) != Denied || HintOf(err) == "" || !asked {
		t.Errorf("got %v, want denied with a hint", err)
	}
	if n := <-got; n != 0 {
		t.Errorf("the other user's socket was sent %d bytes", n)
	}
}

func TestMayServe(t *testing.T) {
	const inHome, inTmp = "/home/ada/.local/share/metatopia/control.sock", "/tmp/metatopia-7/0011223344556677.sock"
	for _, tt := range []struct {
		path string
		me   int
		uid  uint32
		want bool
	}{
		{inHome, 7, 7, true}, {inTmp, 7, 7, true}, {inHome, 7, 0, true},
		{inHome, 7, 8, false}, {inTmp, 7, 8, false},
		{inHome, 0, 8, true}, {inTmp, 0, 8, false},
	} {
		if got := mayServe(tt.path, tt.me, tt.uid); got != tt.want {
			t.Errorf("%s, uid %d, as %d: %v", tt.path, tt.uid, tt.me, got)
		}
	}
}
