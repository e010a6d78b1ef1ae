package terminal

import (
	"context"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/control/controltest"
)

const limit = time.Minute

// serve starts telnet in front of a real node API on a real socket.
func serve(t *testing.T) (*controltest.Backend, *Server, string) {
	t.Helper()
	b := controltest.New()
	api, err := control.NewServer(control.Config{Backend: b})
	if err != nil {
		t.Fatal(err)
	}
	path := control.SocketPath(t.TempDir())
	if err := api.ServeUnix(path); err != nil {
		t.Fatal(err)
	}
	client := control.Dial(path)
	s := New(Config{Client: client})
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(ln); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Close()
		client.Close()
		_ = api.Close(context.Background())
	})
	return b, s, ln.Addr().String()
}

// person is a client: what it received, as a screen and as bytes.
type person struct {
	t    *testing.T
	conn net.Conn
	mu   sync.Mutex
	vt   *vt
	raw  []byte // without telnet commands
	n    int    // bytes received
	eof  bool
}

func dial(t *testing.T, addr string) *person {
	t.Helper()
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	p := &person{t: t, conn: conn, vt: newVT(80, 24)}
	go func() {
		var ps parser
		buf := make([]byte, 4096)
		for {
			n, err := conn.Read(buf)
			p.mu.Lock()
			p.n += n
			// The parser drops LF after CR, as a server must; the screen needs
			// it, so commands alone are taken out.
			data := withoutCommands(&ps, buf[:n])
			p.raw = append(p.raw, data...)
			_, _ = p.vt.Write(data)
			p.eof = err != nil
			p.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return p
}

func withoutCommands(ps *parser, b []byte) []byte {
	var out []byte
	for _, c := range b {
		before := ps.state
		evs := ps.feed([]byte{c}, nil)
		if before == stData && c != cmdIAC || len(evs) > 0 && evs[0].cmd == 0 && before == stIAC {
			out = append(out, c)
		}
	}
	return out
}

func (p *person) send(s string) {
	p.t.Helper()
	if _, err := p.conn.Write([]byte(s)); err != nil {
		p.t.Fatal(err)
	}
}

// asTelnet answers the greeting as inetutils telnet does.
func (p *person) asTelnet() {
	p.send("\xff\xfd\x01\xff\xfd\x03\xff\xfb\x03\xff\xfb\x1f\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0\xff\xfb\x18\xff\xfd\x00\xff\xfb\x00")
	p.send("\xff\xfa\x18\x00XTERM-256COLOR\xff\xf0")
	p.until("the screen", func(s string) bool { return strings.Contains(s, "Hearthside of Quiet Valley") })
}

// until waits for the screen (or, in plain mode, the text) to be so.
func (p *person) until(what string, ok func(screen string) bool) {
	p.t.Helper()
	if !controltest.Poll(limit, func() bool { return ok(p.screen()) }) {
		p.t.Fatalf("%s did not come; the screen is\n%s\nraw %q", what, p.screen(), p.bytes())
	}
}

func (p *person) sees(text string) {
	p.t.Helper()
	p.until(text, func(s string) bool { return strings.Contains(s, text) })
}

func (p *person) screen() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.vt.g.text()
}

func (p *person) bytes() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return string(p.raw)
}

// typed sends one character and gives how many bytes came back until it is on
// the screen. Everything that was to be drawn before has then come as well.
func (p *person) typed(c string, line string) int {
	p.t.Helper()
	before := p.received()
	p.send(c)
	p.sees("\n> " + line + "\n")
	return p.received() - before
}

func (p *person) received() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.n
}

func TestTelnetSession(t *testing.T) {
	b, _, addr := serve(t)
	p := dial(t, addr)
	p.asTelnet()
	p.sees("Near: Bob 5 m NE")
	p.sees("People: Bob 5 m NE.")

	p.send("'hello there\r\n")
	if !controltest.Poll(limit, func() bool { return strings.Contains(strings.Join(b.Calls(), ";"), "say hello there") }) {
		t.Fatalf("the node heard %v", b.Calls())
	}
	b.Push(&control.Frame{Chat: []control.ChatLine{{From: "Bob\x1b[31m", Key: "f", Text: "hi \x1b]0;owned\x07 you"}}})
	p.sees("Bob\ufffd[31m says: hi \ufffd]0;owned\ufffd you")

	p.send("go north\r\x00")
	p.sees("You walk to the north, 8 m.")
	b.Push(&control.Frame{In: controltest.CommonsID, Notice: []string{"You crossed into Commons."}, Poses: []control.Pose{{ID: controltest.MeID, Pos: [3]float64{40, 0, -3}}}})
	p.sees("You crossed into Commons.")
	p.until("the header", func(s string) bool {
		return strings.HasPrefix(s, " Commons of Quiet Valley") && strings.Contains(s, "at 40,-3")
	})

	// The window changes: the screen follows.
	p.mu.Lock()
	p.vt = newVT(100, 30)
	p.mu.Unlock()
	p.send("\xff\xfa\x1f\x00\x64\x00\x1e\xff\xf0")
	p.until("the larger screen", func(s string) bool {
		lines := strings.Split(s, "\n")
		return len(lines) == 31 && strings.HasPrefix(lines[29], ">") && strings.HasPrefix(lines[28], strings.Repeat("─", 100))
	})

	p.send("quit\r\n")
	if !controltest.Poll(limit, func() bool { p.mu.Lock(); defer p.mu.Unlock(); return p.eof }) {
		t.Fatal("quit did not close the connection")
	}
	if raw := p.bytes(); !strings.HasSuffix(raw, leaveScreen+"Goodbye.\r\n") {
		t.Errorf("the terminal is left as %q", raw[max(len(raw)-60, 0):])
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.vt.bad) > 0 {
		t.Errorf("sent what a VT100 does not know: %v", p.vt.bad)
	}
	if !controltest.Poll(limit, func() bool { return b.Watching() == 0 }) {
		t.Error("the session still watches")
	}
}

// What goes over the wire for a key and a line of chat; nothing for a frame
// that changes nothing on the screen.
func TestBytesOverTheWire(t *testing.T) {
	b, _, addr := serve(t)
	p := dial(t, addr)
	p.asTelnet()
	p.sees("street lamp 6 m S.")
	p.typed("a", "a")
	first := p.received()
	key := p.typed("b", "ab")
	typed := "ab"
	// line gives what a line of chat costs, with the key that fences it off.
	line := func(text string) int {
		before := p.received()
		b.Push(&control.Frame{Chat: []control.ChatLine{{From: "Bob", Key: "f", Text: text}}})
		p.sees(text)
		typed += "c"
		p.typed("c", typed)
		return p.received() - before
	}
	for i := range 20 { // fill the log, so that it scrolls from here on
		b.Push(&control.Frame{Chat: []control.ChatLine{{From: "Bob", Key: "f", Text: strings.Repeat("la ", i%5+1)}}})
	}
	line("done")
	chat := line("and now for something different 1") - key
	for i := range uint64(5) {
		b.Push(&control.Frame{Seq: i}) // changes nothing on the screen
	}
	idle := line("and now for something different 2") - key - chat
	t.Logf("greeting and first screen %d, key %d, chat line %d, idle %d bytes", first, key, chat, idle)
	if key != 1 || chat > 90 || idle != 0 {
		t.Errorf("key %d bytes (want 1), chat line %d (at most 90), idle %d (want 0)", key, chat, idle)
	}
}

// A client that does not negotiate gets lines, no cursor movement.
func TestPlainLines(t *testing.T) {
	b, _, addr := serve(t)
	p := dial(t, addr)
	p.until("the greeting", func(string) bool { return strings.Contains(p.bytes(), "You stand in Hearthside") })
	p.send("who\nsay hi\ngo \x1b[A east\n")
	p.until("who", func(string) bool { return strings.Contains(p.bytes(), "Bob in Hearthside, 5 m to the north-east") })
	if !controltest.Poll(limit, func() bool { return strings.Contains(strings.Join(b.Calls(), ";"), "say hi") }) {
		t.Fatalf("the node heard %v", b.Calls())
	}
	b.Push(&control.Frame{Chat: []control.ChatLine{{From: "Bob", Key: "f", Text: "a\r\n\x1b[2Jb"}}})
	p.until("chat", func(string) bool { return strings.Contains(p.bytes(), "Bob says: a  \ufffd[2Jb\r\n") })
	if raw := p.bytes(); strings.Contains(raw, "\x1b") {
		t.Errorf("an escape sequence in plain lines: %q", raw)
	}
	p.send(strings.Repeat("x", 5000) + "\nlook\n")
	p.until("look after a line that is too long", func(string) bool {
		return strings.Count(p.bytes(), "You stand in Hearthside") == 2
	})
	p.send("quit\n")
	if !controltest.Poll(limit, func() bool { p.mu.Lock(); defer p.mu.Unlock(); return p.eof }) {
		t.Fatal("quit did not close the connection")
	}
}

// A telnet client whose terminal is dumb gets lines as well, and may ask for
// the screen.
func TestDumbTerminal(t *testing.T) {
	_, _, addr := serve(t)
	p := dial(t, addr)
	p.send("\xff\xfd\x01\xff\xfd\x03\xff\xfb\x18\xff\xfa\x18\x00DUMB\xff\xf0")
	p.until("lines", func(string) bool { return strings.Contains(p.bytes(), "You stand in") })
	if strings.Contains(p.bytes(), "\x1b") {
		t.Errorf("%q", p.bytes())
	}
	p.send("screen\r\n")
	p.sees("Hearthside of Quiet Valley")
}

// The node goes: the person is told, in words, and the terminal is put back.
func TestNodeGoes(t *testing.T) {
	_, s, addr := serve(t)
	p := dial(t, addr)
	p.asTelnet()
	s.Close()
	if !controltest.Poll(limit, func() bool { p.mu.Lock(); defer p.mu.Unlock(); return p.eof }) {
		t.Fatal("the connection is still open")
	}
	if !strings.Contains(p.bytes(), leaveScreen+"The node has closed the connection.") {
		t.Errorf("%q", p.bytes())
	}
}

// A node without a world is asked again, and says so once.
func TestNoWorldYet(t *testing.T) {
	b, _, addr := serve(t)
	b.Fail(control.Errorf(control.Conflict, "metatopia join LINK", "in no world yet"))
	p := dial(t, addr)
	p.until("words", func(string) bool {
		return strings.Contains(p.bytes(), "in no world yet (metatopia join LINK)")
	})
}

func TestSessionsAreBounded(t *testing.T) {
	_, s, addr := serve(t)
	for range maxSessions {
		dial(t, addr)
	}
	if !controltest.Poll(limit, func() bool { s.mu.Lock(); defer s.mu.Unlock(); return s.n == maxSessions }) {
		t.Fatal("not all sessions began")
	}
	p := dial(t, addr)
	p.until("the refusal", func(string) bool { return strings.Contains(p.bytes(), "Too many sessions.") })
}

func TestServeRefusesOtherAddresses(t *testing.T) {
	ln, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Skip(err)
	}
	if err := New(Config{}).Serve(ln); err == nil {
		t.Error("telnet is served to the network")
	}
}
