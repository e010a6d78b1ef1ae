package control_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/control/controltest"
)

const limit = time.Minute

// serveUnix starts a server on a fresh socket and gives a client of it.
func serveUnix(t *testing.T, cfg control.Config) (*control.Server, *control.Client, string) {
	t.Helper()
	s, err := control.NewServer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	path := control.SocketPath(t.TempDir())
	if err := s.ServeUnix(path); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	c := control.Dial(path)
	t.Cleanup(c.Close)
	return s, c, path
}

// Every method travels: the request arrives, the answer comes back.
func TestEveryMethodOverTheSocket(t *testing.T) {
	b := controltest.New()
	_, c, _ := serveUnix(t, control.Config{Backend: b})
	everyMethod(t, b, c)
	if err := c.Shutdown(t.Context()); err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	select {
	case <-b.Done():
	default:
		t.Error("Shutdown did not reach the node")
	}
}

func everyMethod(t *testing.T, b *controltest.Backend, c *control.Client) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	did := func(name string, err error) {
		t.Helper()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	st, err := c.Status(ctx)
	did("Status", err)
	if err == nil && (st.Key != controltest.Key || st.Avatar.Name != "Ada" || st.Serving[0].Tick != 40) {
		t.Errorf("Status = %+v", st)
	}
	_, err = c.Peers(ctx)
	did("Peers", err)
	_, err = c.Neighbours(ctx)
	did("Neighbours", err)
	_, err = c.Doctor(ctx)
	did("Doctor", err)
	_, err = c.WorldCreate(ctx, &control.WorldCreateRequest{Name: "Täler"})
	did("WorldCreate", err)
	_, err = c.WorldInfo(ctx)
	did("WorldInfo", err)
	_, err = c.Join(ctx, &control.JoinRequest{Link: "metatopia:x"})
	did("Join", err)
	_, err = c.RegionSeed(ctx, &control.SeedRequest{Name: "R", At: control.Point{X: 1, Y: 2, Z: 3}, Furnish: "hearth"})
	did("RegionSeed", err)
	_, err = c.Say(ctx, &control.SayRequest{Text: "hi 👋"})
	did("Say", err)
	did("Steer", c.Steer(ctx, &control.SteerRequest{X: 1, Z: -1, Jump: true}))
	_, err = c.Walk(ctx, &control.WalkRequest{To: &control.Point{X: 8}})
	did("Walk", err)
	_, err = c.Throw(ctx, &control.ThrowRequest{Thing: "bb01", Vel: control.Point{X: 9, Y: 4}})
	did("Throw", err)
	_, err = c.Touch(ctx, &control.TouchRequest{Thing: "bb02"})
	did("Touch", err)
	_, err = c.Inspect(ctx, &control.InspectRequest{Thing: "bb02"})
	did("Inspect", err)
	_, err = c.SetSlot(ctx, &control.SetSlotRequest{Thing: "bb02", Slot: control.Slot{Name: "on", Type: "bool", Value: "false"}})
	did("SetSlot", err)

	// Two whole chunks and a rest, so that chunk borders are crossed.
	content := bytes.Repeat([]byte("0123456789abcdef"), (2*control.MaxChunkBytes+1024)/16)
	r := bytes.NewReader(content)
	l, err := c.LumpAdd(ctx, true, func() ([]byte, error) {
		buf := make([]byte, control.MaxChunkBytes)
		n, err := r.Read(buf)
		return buf[:n], err
	})
	did("LumpAdd", err)
	if err != nil {
		return
	}
	if l.Size != int64(len(content)) || !l.Pinned {
		t.Errorf("LumpAdd = %+v", l)
	}
	var back []byte
	did("LumpGet", c.LumpGet(ctx, &control.LumpRequest{CID: l.CID}, func(ch *control.LumpChunk) error {
		back = append(back, ch.Data...)
		return nil
	}))
	if !bytes.Equal(back, content) {
		t.Errorf("LumpGet gave %d bytes, want the %d that were added", len(back), len(content))
	}
	var car []byte
	did("LumpExport", c.LumpExport(ctx, &control.LumpRequest{CID: l.CID}, func(ch *control.LumpChunk) error {
		car = append(car, ch.Data...)
		return nil
	}))
	rest := bytes.NewReader(car)
	roots, err := c.LumpImport(ctx, false, func() ([]byte, error) {
		buf := make([]byte, 1000)
		n, err := rest.Read(buf)
		return buf[:n], err
	})
	did("LumpImport", err)
	if err == nil && (len(roots.Lumps) != 1 || roots.Bytes != int64(len(content)) || roots.Lumps[0].Pinned) {
		t.Errorf("LumpImport = %+v", roots)
	}
	var asset control.Asset
	did("AssetShow", c.AssetShow(ctx, &control.AssetRequest{CID: l.CID, As: "mesh"}, func(a *control.Asset) error {
		asset = *a
		return nil
	}))
	if asset.State != "ready" || asset.Mesh == nil || asset.Mesh.Triangles != 12 {
		t.Errorf("AssetShow ended with %+v", asset)
	}
	formats, err := c.AssetFormats(ctx)
	did("AssetFormats", err)
	if err == nil && len(formats.Formats) != 2 {
		t.Errorf("AssetFormats = %+v", formats)
	}
	_, err = c.LumpUnpin(ctx, &control.LumpRequest{CID: l.CID})
	did("LumpUnpin", err)
	l, err = c.LumpStat(ctx, &control.LumpRequest{CID: l.CID})
	did("LumpStat", err)
	if err == nil && l.Pinned {
		t.Error("still pinned after LumpUnpin")
	}
	_, err = c.LumpPin(ctx, &control.LumpRequest{CID: l.CID})
	did("LumpPin", err)
	_, err = c.LumpList(ctx, &control.LumpRequest{})
	did("LumpList", err)
	var swept control.LumpSweep
	did("LumpSweep", c.LumpSweep(ctx, &control.LumpSweepRequest{Leave: 7}, func(s *control.LumpSweep) error {
		swept = *s
		return nil
	}))
	if !swept.Done || swept.Bytes != 7 {
		t.Errorf("LumpSweep ended with %+v", swept)
	}
	everyTransfer(t, c, l.CID)
	everyKept(t, c, l.CID)

	sp, err := c.Spawn(ctx, &control.SpawnRequest{CID: "cid0", Name: "p", Args: []string{"a b", "c"}})
	did("Spawn", err)
	if err != nil {
		return
	}
	_, err = c.Ps(ctx, &control.PsRequest{All: true})
	did("Ps", err)
	did("Send", c.Send(ctx, &control.SendRequest{PID: sp.Process.PID, Data: []byte{0, 255}}))
	var tail []string
	did("Tail", c.Tail(ctx, &control.TailRequest{PID: sp.Process.PID}, func(l *control.LogLine) error {
		tail = append(tail, l.Text)
		return nil
	}))
	if got := strings.Join(tail, ";"); got != "line 0;line 1;line 2" {
		t.Errorf("Tail = %s", got)
	}
	did("Kill", c.Kill(ctx, &control.KillRequest{PID: sp.Process.PID}))

	calls := strings.Join(b.Calls(), "\n")
	for _, want := range []string{
		"world-create Täler", "join metatopia:x", "seed R {1 2 3} hearth", "say hi 👋", "steer 1 -1 true", "walk 8,0,0",
		"throw bb01 9.0,4.0,0.0", "touch bb02", "inspect bb02", "set bb02 on=false", "lump-add pin=true",
		`spawn cid0 "p" [a b c]`, "send 1 \x00\xff", "kill 1",
	} {
		if !strings.Contains(calls, want) {
			t.Errorf("the node did not see %q", want)
		}
	}
}

// A full frame comes first, then what changes; the stream ends for the client
// with its own error, and for the node when the client goes.
func TestWatchEndsWithItsClient(t *testing.T) {
	b := controltest.New()
	_, c, _ := serveUnix(t, control.Config{Backend: b})
	enough := errors.New("enough")
	go func() {
		controltest.Poll(limit, func() bool { return b.Watching() == 1 })
		b.Push(&control.Frame{Seq: 1, Notice: []string{"hello"}})
	}()
	var seen []string
	err := c.Watch(t.Context(), &control.WatchRequest{}, func(f *control.Frame) error {
		if f.Full {
			seen = append(seen, f.World.Name)
			return nil
		}
		seen = append(seen, f.Notice...)
		return enough
	})
	if !errors.Is(err, enough) || strings.Join(seen, ",") != "Quiet Valley,hello" {
		t.Fatalf("Watch: %v, saw %v", err, seen)
	}
	if !controltest.Poll(limit, func() bool { return b.Watching() == 0 }) {
		t.Error("the node still watches for a client that is gone")
	}
}

// Close ends streams in words instead of cutting the connection, and removes
// the socket.
func TestCloseEndsStreams(t *testing.T) {
	b := controltest.New()
	s, c, path := serveUnix(t, control.Config{Backend: b})
	ended := make(chan error, 1)
	go func() {
		ended <- c.Watch(context.Background(), &control.WatchRequest{}, func(*control.Frame) error { return nil })
	}()
	if !controltest.Poll(limit, func() bool { return b.Watching() == 1 }) {
		t.Fatal("nobody watches")
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatalf("Close: %v", err)
	}
	select {
	case err := <-ended:
		if control.CodeOf(err) != control.Unavailable || !strings.Contains(err.Error(), "stopping") {
			t.Errorf("Watch ended with %v (%v)", err, control.CodeOf(err))
		}
	case <-time.After(limit):
		t.Fatal("Watch did not end")
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
	_, err := c.Status(t.Context())
	if control.ExitCode(err) != control.ExitUnavailable || control.HintOf(err) == "" {
		t.Errorf("Status after Close: %v, exit %d, hint %q", err, control.ExitCode(err), control.HintOf(err))
	}
}

func TestSocketIsPrivate(t *testing.T) {
	home := t.TempDir()
	if err := os.Chmod(home, 0o755); err != nil {
		t.Fatal(err)
	}
	s, err := control.NewServer(control.Config{Backend: controltest.New()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(context.Background())
	path := control.SocketPath(home)
	if err := s.ServeUnix(path); err != nil {
		t.Fatal(err)
	}
	for p, want := range map[string]fs.FileMode{path: 0o600, home: 0o700} {
		info, err := os.Stat(p)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != want {
			t.Errorf("%s has mode %v, want %v", p, info.Mode().Perm(), want)
		}
	}
}

// A socket left by a crash is replaced; one that a node answers on is not.
func TestStaleSocket(t *testing.T) {
	path := control.SocketPath(t.TempDir())
	ln, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	ln.SetUnlinkOnClose(false)
	ln.Close() // as kill -9 leaves it

	first, err := control.NewServer(control.Config{Backend: controltest.New()})
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close(context.Background())
	if err := first.ServeUnix(path); err != nil {
		t.Fatalf("over a dead socket: %v", err)
	}
	second, err := control.NewServer(control.Config{Backend: controltest.New()})
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close(context.Background())
	err = second.ServeUnix(path)
	if control.CodeOf(err) != control.Conflict || !strings.Contains(control.HintOf(err), "stop") {
		t.Errorf("over a live socket: %v (hint %q)", err, control.HintOf(err))
	}
	if _, err := control.Dial(path).Status(t.Context()); err != nil {
		t.Errorf("the first node was disturbed: %v", err)
	}
}

func TestNotASocket(t *testing.T) {
	path := control.SocketPath(t.TempDir())
	if err := os.WriteFile(path, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := control.NewServer(control.Config{Backend: controltest.New()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(context.Background())
	if err := s.ServeUnix(path); control.CodeOf(err) != control.Conflict {
		t.Errorf("ServeUnix over a file: %v", err)
	}
	if b, _ := os.ReadFile(path); string(b) != "mine" {
		t.Error("the file was touched")
	}
}

// The kernel's uid decides, not what the client says; the refusal has words
// and exit code 77 for every kind of call.
func TestOtherUserIsRefused(t *testing.T) {
	b := controltest.New()
	var asked []uint32
	_, c, path := serveUnix(t, control.Config{Backend: b, Allow: func(uid uint32) bool {
		asked = append(asked, uid)
		return false
	}})
	_, unary := c.Say(t.Context(), &control.SayRequest{Text: "let me in"})
	stream := c.Watch(t.Context(), &control.WatchRequest{}, func(*control.Frame) error { return io.EOF })
	_, upload := c.LumpAdd(t.Context(), false, func() ([]byte, error) { return nil, io.EOF })
	for what, err := range map[string]error{"unary": unary, "stream": stream, "upload": upload} {
		if control.CodeOf(err) != control.Denied || control.ExitCode(err) != control.ExitDenied || control.HintOf(err) == "" {
			t.Errorf("%s: %v, code %v, hint %q", what, err, control.CodeOf(err), control.HintOf(err))
		}
	}
	for _, uid := range asked {
		if uid != uint32(os.Getuid()) {
			t.Errorf("asked about uid %d, the client runs as %d", uid, os.Getuid())
		}
	}
	if len(asked) == 0 {
		t.Error("nobody asked for the uid")
	}
	if calls := b.Calls(); len(calls) != 0 {
		t.Errorf("the node was called: %v", calls)
	}
	tr := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", path) }}
	defer tr.CloseIdleConnections()
	res, err := (&http.Client{Transport: tr}).Get("http://node/debug/pprof/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusForbidden {
		t.Errorf("profiles for another user: status %d", res.StatusCode)
	}
}

func TestNoPermissionOnTheSocket(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("root may open every socket")
	}
	_, c, path := serveUnix(t, control.Config{Backend: controltest.New()})
	if err := os.Chmod(path, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Status(t.Context()); control.ExitCode(err) != control.ExitDenied {
		t.Errorf("exit %d for %v", control.ExitCode(err), err)
	}
}

func TestSocketPathIsShortEnough(t *testing.T) {
	for _, home := range []string{"/h", "/" + strings.Repeat("deep/", 40)} {
		path := control.SocketPath(home)
		if len(path) > 103 {
			t.Errorf("%d bytes: %s", len(path), path)
		}
		if path != control.SocketPath(home+"/") {
			t.Errorf("two sockets for one directory: %s", home)
		}
	}
	if a, b := control.SocketPath("/"+strings.Repeat("deep/", 40)), control.SocketPath("/"+strings.Repeat("deep/", 41)); a == b {
		t.Error("one socket for two directories")
	}
	if control.SocketPath("/h") != filepath.Join("/h", "control.sock") {
		t.Error("a short home has its socket elsewhere")
	}
}

// A long path goes through ServeUnix too.
func TestLongHome(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	path := control.SocketPath(filepath.Join("/", strings.Repeat("deep/", 40)))
	if len(path) > 103 {
		t.Skipf("the temporary directory itself is too long: %s", path)
	}
	s, err := control.NewServer(control.Config{Backend: controltest.New()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(context.Background())
	if err := s.ServeUnix(path); err != nil {
		t.Fatal(err)
	}
	if _, err := control.Dial(path).Status(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestErrorsCrossWithCodeAndHint(t *testing.T) {
	b := controltest.New()
	_, c, _ := serveUnix(t, control.Config{Backend: b})
	codes := []control.Code{
		control.Failed, control.Invalid, control.NotFound, control.Conflict, control.Denied, control.Unavailable,
		control.TooLarge, control.NotImplemented, control.Timeout, control.Canceled, control.Corrupt,
	}
	for _, code := range codes {
		hint := fmt.Sprintf("try %v: 100 %% größer\nor not", code)
		want := control.Errorf(code, hint, "it is %v: %w", code, io.ErrUnexpectedEOF)
		b.Fail(want)
		_, unary := c.Say(t.Context(), &control.SayRequest{Text: "x"})
		stream := c.Watch(t.Context(), &control.WatchRequest{}, func(*control.Frame) error { return io.EOF })
		_, upload := c.LumpAdd(t.Context(), false, func() ([]byte, error) { return nil, io.EOF })
		for what, err := range map[string]error{"unary": unary, "stream": stream, "upload": upload} {
			if control.CodeOf(err) != code || control.HintOf(err) != hint || err.Error() != want.Error() {
				t.Errorf("%s: got %v %q hint %q, want %v %q", what, control.CodeOf(err), err, control.HintOf(err), code, want)
			}
		}
	}
	b.Fail(errors.New("disk on fire"))
	if _, err := c.Say(t.Context(), &control.SayRequest{Text: "x"}); control.CodeOf(err) != control.Failed || err.Error() != "disk on fire" {
		t.Errorf("a plain error became %v (%v)", err, control.CodeOf(err))
	}
}

// A handler that panics answers its own caller and nobody else.
func TestPanicStaysInItsCall(t *testing.T) {
	b := controltest.New()
	_, c, _ := serveUnix(t, control.Config{Backend: panicky{b}})
	if _, err := c.Say(t.Context(), &control.SayRequest{Text: "x"}); err == nil || !strings.Contains(err.Error(), "boom") {
		t.Errorf("Say: %v", err)
	}
	if _, err := c.Status(t.Context()); err != nil {
		t.Errorf("Status after a panic: %v", err)
	}
}

type panicky struct{ *controltest.Backend }

func (panicky) Say(context.Context, *control.SayRequest) (*control.SayResponse, error) { panic("boom") }

func TestMetricsAndProfilesOnTheSocket(t *testing.T) {
	_, _, path := serveUnix(t, control.Config{Backend: controltest.New()})
	tr := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return net.Dial("unix", path) }}
	defer tr.CloseIdleConnections()
	get := func(p string) string {
		res, err := (&http.Client{Transport: tr}).Get("http://node" + p)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != 200 {
			t.Errorf("%s: status %d, %v", p, res.StatusCode, err)
		}
		return string(b)
	}
	metrics := get("/metrics")
	for _, want := range []string{"metatopia_crossings_total 1\n", `metatopia_region_tick{region="cc01"} 40`, "go_goroutines"} {
		if !strings.Contains(metrics, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
	if !strings.Contains(get("/debug/pprof/goroutine?debug=1"), "goroutine profile") {
		t.Error("no profile")
	}
}
