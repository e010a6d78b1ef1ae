package terminal

import (
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"
)

// A page in the user's own browser can make it connect to any local port and
// choose what the body of its request says.
func TestBrowserCannotType(t *testing.T) {
	for name, request := range map[string]string{
		"post": "POST / HTTP/1.1\r\nHost: 127.0.0.1:4000\r\nContent-Type: text/plain\r\n\r\nsay I am not Ada\r\ngo north\r\n",
		"long path": "POST /" + strings.Repeat("a", 3*maxInput) + " HTTP/1.1\r\nHost: 127.0.0.1:4000\r\n\r\n" +
			"say I am not Ada\r\n",
		"telnet in the body": "POST / HTTP/1.1\r\nHost: 127.0.0.1:4000\r\n\r\n\xff\xfd\x01\xff\xfa\x18\x00XTERM\xff\xf0say I am not Ada\r\n",
		"tls":                "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\nsay I am not Ada\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			b, _, addr := serve(t)
			conn, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			// In pieces, as a network may deliver it.
			for chunk := range slices.Chunk([]byte(request), 700) {
				if _, err := conn.Write(chunk); err != nil {
					break // already closed
				}
			}
			_ = conn.SetReadDeadline(time.Now().Add(limit))
			// Reset counts too: what it had sent was not read.
			if _, err := io.Copy(io.Discard, conn); err != nil && strings.Contains(err.Error(), "timeout") {
				t.Error("the connection stays open")
			}
			for _, c := range b.Calls() {
				if strings.Contains(c, "Ada") && strings.Contains(strings.ToLower(c), "say") || strings.Contains(strings.ToLower(c), "walk") {
					t.Errorf("the browser made the node do: %s", c)
				}
			}
		})
	}
}
