package scripting

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/metatopia/metatopia/scripting/guesttest"
	"github.com/metatopia/metatopia/scripting/internal/asm"
)

// post is a LumpSender that remembers, and gives what it is told to.
type post struct {
	receipt []byte
	err     error
	block   bool // until the process ends

	mu   sync.Mutex
	sent []string
}

func (p *post) SendLump(ctx context.Context, cid, peer, note string) ([]byte, error) {
	p.mu.Lock()
	p.sent = append(p.sent, fmt.Sprint(cid, " ", peer, " ", note))
	p.mu.Unlock()
	if p.block {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return p.receipt, p.err
}

func courier(t *testing.T, p LumpSender, grants ...string) (exit string, log []string) {
	t.Helper()
	ps := newProcesses(t, ProcessesConfig{Sender: p})
	pid := spawn(t, ps, guesttest.Courier(), SpawnSpec{Args: []string{"bafycid", "12D3peer"}, Grants: Grants{SendTo: grants}})
	info, err := ps.Wait(t.Context(), pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := ps.Tail(t.Context(), pid, "", false, func(l LogLine) error { log = append(log, l.Text); return nil }); err != nil {
		t.Fatal(err)
	}
	return info.Exit, log
}

func TestSendLump(t *testing.T) {
	for _, c := range []struct {
		name   string
		post   *post
		grants []string
		exit   string
		log    string // the last line
	}{
		{"granted", &post{receipt: []byte{1, 0xab}}, []string{"12D3other", "12D3peer"}, "exit 0", "sent\t1\t0\t01ab"},
		{"any", &post{receipt: []byte{2}}, []string{AnyPeer}, "exit 0", "sent\t1\t0\t02"},
		{"not granted", &post{}, nil, "exit 6", ""},
		{"another", &post{}, []string{"12D3pee", "12D3peer2"}, "exit 6", ""},
		{"no answer", &post{err: fmt.Errorf("%w: gone", ErrUnavailable)}, []string{AnyPeer}, "exit 0", "sent\t1\t-5\t"},
		{"over quota", &post{err: ErrFull}, []string{AnyPeer}, "exit 0", "sent\t1\t-7\t"},
		{"refused", &post{receipt: []byte{3}, err: errors.New("no")}, []string{AnyPeer}, "exit 0", "sent\t1\t-6\t"},
		{"not there", &post{err: ErrNotFound}, []string{AnyPeer}, "exit 0", "sent\t1\t-3\t"},
		{"long receipt", &post{receipt: make([]byte, 2000)}, []string{AnyPeer}, "exit 0", "sent\t1\t-2\t"},
	} {
		t.Run(c.name, func(t *testing.T) {
			exit, log := courier(t, c.post, c.grants...)
			if exit != c.exit || c.log != "" && (len(log) == 0 || log[len(log)-1] != c.log) {
				t.Errorf("%s, log %q", exit, log)
			}
			if refused := c.log == ""; refused == (len(c.post.sent) > 0) || !refused && c.post.sent[0] != "bafycid 12D3peer hi" {
				t.Errorf("sent %q", c.post.sent)
			}
		})
	}
	if exit, _ := courier(t, nil, AnyPeer); exit != "exit 5" {
		t.Errorf("without a sender: %s", exit)
	}
}

// A killed process sends no longer, and its end waits for that.
func TestKillEndsSends(t *testing.T) {
	p := &post{block: true}
	ps := newProcesses(t, ProcessesConfig{Sender: p})
	pid := spawn(t, ps, guesttest.Courier(), SpawnSpec{Args: []string{"c", "p"}, Grants: Grants{SendTo: []string{"p"}}})
	for ps.List(false)[0].State != Waiting {
		runtime.Gosched()
	}
	if err := ps.Kill(pid); err != nil {
		t.Fatal(err)
	}
}

// greedySender sends the same 10 times and exits with how many were begun.
func greedySender() []byte {
	var m asm.Module
	exit := m.Import("mt:process@1", "exit", i32, nil)
	send := m.Import("mt:lump@1", "send", bytes.Repeat(i32, 6), i32)
	m.Memory(1, 1)
	m.Data(0, "c")
	one := asm.Cat(c32(0), c32(1), c32(0), c32(1), c32(0), c32(0), call(send), c32(0), []byte{0x4a}, get(0), []byte{0x6a}, set(0)) // > 0, add
	m.Export("run", asm.Func, m.Func(nil, nil, i32, bytes.Repeat(one, 10), get(0), call(exit)))
	return m.Bytes()
}

func TestSendsAreBounded(t *testing.T) {
	ps := newProcesses(t, ProcessesConfig{Sender: &post{block: true}})
	pid := spawn(t, ps, greedySender(), SpawnSpec{Grants: Grants{SendTo: []string{"c"}}})
	info, err := ps.Wait(t.Context(), pid)
	if err != nil || info.Exit != fmt.Sprint("exit ", maxSends) {
		t.Errorf("%s, %v", info.Exit, err)
	}
	many := strings.Split(strings.Repeat("p,", maxGrants+1), ",")
	if _, err := ps.Spawn(SpawnSpec{Module: admitGuest(t, ps.cfg.Engine, greedySender()), Grants: Grants{SendTo: many}}); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
}

// Handlers are replicated: they cannot send.
func TestHandlersCannotSend(t *testing.T) {
	var m asm.Module
	m.Import("mt:lump@1", "send", bytes.Repeat(i32, 6), i32)
	m.Export("handle", asm.Func, m.Func(nil, nil, nil))
	e := newEngine(t)
	if mod, err := e.Admit(m.Bytes()); err == nil && mod.IsHandler() == nil {
		t.Error("a handler may send lumps")
	}
}

// The shipped courier, through the SDK.
func TestCourier(t *testing.T) {
	p := &post{receipt: []byte{0xbe, 0xef}}
	ps := newProcesses(t, ProcessesConfig{Sender: p})
	run := func(grants ...string) (string, string) {
		pid := spawn(t, ps, shipped(t, "courier"), SpawnSpec{Args: []string{"bafycid", "12D3peer", "für dich"}, Grants: Grants{SendTo: grants}})
		// Neither a stranger's words nor the owner's stand for the answer.
		if err := ps.Send(pid, 0, []byte("sent\t99\t0\tff")); err != nil && !errors.Is(err, ErrNoProcess) {
			t.Fatal(err)
		}
		info, err := ps.Wait(t.Context(), pid)
		if err != nil {
			t.Fatal(err)
		}
		last := ""
		_ = ps.Tail(t.Context(), pid, "", false, func(l LogLine) error { last = l.Text; return nil })
		return info.Exit, last
	}
	if exit, log := run("12D3peer"); exit != "exit 0" || log != "receipt beef" || p.sent[0] != "bafycid 12D3peer für dich" {
		t.Errorf("%s, %s, %q", exit, log, p.sent)
	}
	if exit, log := run(); exit != "exit 1" || log != "not sent: code -6" {
		t.Errorf("%s, %s", exit, log)
	}
	p.err = ErrFull
	if exit, log := run(AnyPeer); exit != "exit 1" || log != "not sent: code -7" {
		t.Errorf("%s, %s", exit, log)
	}
}
