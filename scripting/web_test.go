package scripting

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/metatopia/metatopia/scripting/internal/asm"
)

// askGuest gets each URL and ends with the last result, or the first that is a
// code: 1000 less than that as an exit code. With count it asks the last one so
// often.
func askGuest(url string, times int) []byte {
	var m asm.Module
	ask := m.Import("mt:http@1", "get", asm.Cat(i32, i32), i32)
	size := m.Import("mt:http@1", "size", nil, i32)
	read := m.Import("mt:http@1", "read", asm.Cat(i32, i32, i32), i32)
	log := m.Import("mt:log@1", "log", asm.Cat(i32, i32, i32), nil)
	exit := m.Import("mt:process@1", "exit", i32, nil)
	m.Memory(2, 2)
	m.Data(0, url)
	var body []byte
	for range times {
		body = asm.Cat(body, c32(0), c32(int32(len(url))), call(ask), set(0),
			get(0), c32(0), []byte{0x48, 0x04, 0x40}, c32(1000), get(0), []byte{0x6a}, call(exit), end) // i32.lt_s, if, i32.add
	}
	body = asm.Cat(body, c32(1), c32(65536), c32(0), c32(65536), c32(65536), call(read), call(log), // what came, as far as it fits
		call(size), drop, get(0), call(exit))
	m.Export("run", asm.Func, m.Func(nil, nil, i32, body))
	return m.Bytes()
}

// fakeWeb answers with what it was asked, if the host is allowed.
type fakeWeb struct {
	asked atomic.Int32
	err   error
	size  int
}

func (w *fakeWeb) Fetch(ctx context.Context, q WebQuestion) (*WebAnswer, error) {
	w.asked.Add(1)
	host, _, _ := strings.Cut(strings.TrimPrefix(q.URL, "http://"), "/")
	ok, private := q.Allow(host, 80)
	switch {
	case w.err != nil:
		return nil, w.err
	case !ok:
		return nil, ErrRefused
	case w.size > 0:
		return &WebAnswer{Status: 200, Body: make([]byte, w.size)}, nil
	}
	return &WebAnswer{Status: 200, Body: fmt.Appendf(nil, "%s %s %v", q.Method, q.URL, private)}, nil
}

func TestHTTP(t *testing.T) {
	e := newEngine(t)
	for what, c := range map[string]struct {
		url    string
		grants []string
		web    *fakeWeb
		times  int
		want   int // status, or a code
		asked  int32
	}{
		"granted":            {"http://a.example/x", []string{"a.example"}, &fakeWeb{}, 1, 200, 1},
		"any":                {"http://a.example/x", []string{"any"}, &fakeWeb{}, 1, 200, 1},
		"not granted":        {"http://a.example/x", nil, &fakeWeb{}, 1, codeRefused, 0},
		"another host":       {"http://a.example/x", []string{"b.example"}, &fakeWeb{}, 1, codeRefused, 1},
		"no web":             {"http://a.example/x", []string{"any"}, nil, 1, codeUnavailable, 0},
		"unreachable":        {"http://a.example/x", []string{"any"}, &fakeWeb{err: ErrUnavailable}, 1, codeUnavailable, 1},
		"no url":             {"x\x01y", []string{"any"}, &fakeWeb{}, 1, codeInvalid, 0},
		"a url too long":     {"http://" + strings.Repeat("x", maxURL), []string{"any"}, &fakeWeb{}, 1, codeInvalid, 0},
		"a bad url":          {"http://a", []string{"any"}, &fakeWeb{err: ErrNotUsable}, 1, codeInvalid, 1},
		"too often":          {"http://a.example/x", []string{"any"}, &fakeWeb{}, 200, codeFull, -1},
		"too large":          {"http://a.example/x", []string{"any"}, &fakeWeb{size: maxWebAnswer + 1}, 1, codeTooLarge, 1},
		"more than its tree": {"http://a.example/x", []string{"any"}, &fakeWeb{size: 900_000}, 1, codeFull, 1},
		"its room is reused": {"http://a.example/x", []string{"any"}, &fakeWeb{size: 300_000}, 20, 200, 20},
	} {
		cfg := ProcessesConfig{Engine: e}
		if c.web != nil {
			cfg.Web = c.web
		}
		ps := newProcesses(t, cfg)
		i, err := ps.Spawn(SpawnSpec{Module: admitGuest(t, e, askGuest(c.url, c.times)), Memory: 640 << 10, Grants: Grants{Web: c.grants}})
		if err == nil {
			i, err = ps.Wait(t.Context(), i.PID)
		}
		want := fmt.Sprintf("exit %d", c.want)
		if c.want < 0 {
			want = fmt.Sprintf("exit %d", 1000+c.want)
		}
		if err != nil || i.Exit != want {
			t.Errorf("%s: %q %v, want %q", what, i.Exit, err, want)
		}
		if c.asked >= 0 && c.web != nil && c.web.asked.Load() != c.asked {
			t.Errorf("%s: the web was asked %d times", what, c.web.asked.Load())
		}
		if what == "granted" {
			if got := logOf(t, ps, i.PID); got != "GET http://a.example/x false" {
				t.Errorf("it read %q", got)
			}
		}
	}
}

func logOf(t *testing.T, ps *Processes, pid uint64) string {
	t.Helper()
	var lines []string
	if err := ps.Tail(t.Context(), pid, "info", false, func(l LogLine) error {
		lines = append(lines, l.Text)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "|")
}

// hang is a web that never answers.
type hang struct{ in chan struct{} }

func (h hang) Fetch(ctx context.Context, _ WebQuestion) (*WebAnswer, error) {
	h.in <- struct{}{}
	<-ctx.Done()
	return nil, ctx.Err()
}

// TestHTTPKilled: a kill ends a question, and the place of it is free again.
func TestHTTPKilled(t *testing.T) {
	e := newEngine(t)
	h := hang{make(chan struct{})}
	ps := newProcesses(t, ProcessesConfig{Engine: e, Web: h})
	i, err := ps.Spawn(SpawnSpec{Module: admitGuest(t, e, askGuest("http://a", 1)), Grants: Grants{Web: []string{"any"}}})
	if err != nil {
		t.Fatal(err)
	}
	<-h.in
	if err := ps.Kill(i.PID); err != nil {
		t.Fatal(err)
	}
	if i, err = ps.Wait(t.Context(), i.PID); err != nil || i.Exit != "killed" {
		t.Errorf("%q %v", i.Exit, err)
	}
}

func TestWebGrants(t *testing.T) {
	g := Grants{Web: []string{"A.example", "b.example:8080", "lan:127.0.0.1:9000", "[::1]:7", "lan:c.example:80", "c.example"}}
	for _, c := range []struct {
		host        string
		port        uint16
		ok, private bool
	}{
		{"a.example", 80, true, false}, {"a.example", 443, true, false}, {"a.example", 22, false, false}, {"www.a.example", 80, false, false},
		{"b.example", 8080, true, false}, {"b.example", 80, false, false},
		{"127.0.0.1", 9000, true, true}, {"127.0.0.1", 80, false, false}, {"localhost", 9000, false, false},
		{"::1", 7, true, false}, {"c.example", 80, true, true}, {"c.example", 443, true, false}, {"", 80, false, false},
	} {
		if ok, private := g.web(c.host, c.port); ok != c.ok || private != c.private {
			t.Errorf("%s %d: %v %v", c.host, c.port, ok, private)
		}
	}
	for _, bad := range []string{"", ":80", "a b", "a:0", "a:70000", "a:x", "http://a", "a/b", "lan:a", "lan:any:80", "any:80", "*.a", "u@a", "[::1", strings.Repeat("a", 300)} {
		if CheckWebGrant(bad) == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

func TestWebBudget(t *testing.T) {
	var b webBudget
	now, n := time.Hour, 0
	for b.begin(now) {
		b.end()
		n++
	}
	if n != webBurst {
		t.Errorf("%d at once", n)
	}
	if b.begin(now+time.Second/2) || !b.begin(now+time.Second) || b.begin(now+time.Second) {
		t.Error("not one a second")
	}
	b.end()
	for n = 0; b.begin(now + time.Hour); n++ {
	}
	if n != maxWebOpen {
		t.Errorf("%d at a time", n)
	}
}
