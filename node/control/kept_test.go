package control_test

import (
	"context"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/control/controltest"
)

// everyKept is the part of everyMethod about what is kept, and parts of it.
func everyKept(t *testing.T, c *control.Client, cid string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	if r, err := c.RegionCheckpoint(ctx, &control.CheckpointRequest{Region: "R"}); err != nil || r.Root == "" || r.Older == nil {
		t.Errorf("RegionCheckpoint = %+v, %v", r, err)
	}
	if r, err := c.Keep(ctx, &control.KeepRequest{World: true, Quota: 5 << 30}); err != nil || !r.World || r.Quota != 5<<30 || len(r.Regions) != 1 {
		t.Errorf("Keep = %+v, %v", r, err)
	}
	if r, err := c.Unkeep(ctx, &control.UnkeepRequest{Region: "R"}); err != nil || r.Regions == nil {
		t.Errorf("Unkeep = %+v, %v", r, err)
	}
	if r, err := c.Kept(ctx); err != nil || len(r.Regions) != 1 {
		t.Errorf("Kept = %+v, %v", r, err)
	}
	var leaves int64
	err := c.LumpLeaves(ctx, &control.LumpRequest{CID: cid, Offset: 64}, func(l *control.LumpLeaves) error {
		for _, x := range l.Leaves {
			leaves += x.Size
		}
		return nil
	})
	if err != nil || leaves == 0 {
		t.Errorf("LumpLeaves: %d bytes, %v", leaves, err)
	}
	if r, err := c.LumpForget(ctx, &control.LumpRequest{CID: cid}); err != nil || r.CID != cid {
		t.Errorf("LumpForget = %+v, %v", r, err)
	}
}

// A page that was taken over must not read the machine's files.
func TestOnlyOnTheSocket(t *testing.T) {
	_, c, _ := serveUnix(t, control.Config{Backend: controltest.New()})
	if m, err := c.Mount(t.Context(), &control.Mount{Dir: "/x"}); err != nil || m.Name == "" {
		t.Errorf("Mount = %+v, %v", m, err)
	}
	if m, err := c.Mounts(t.Context()); err != nil || len(m.Mounts) != 1 {
		t.Errorf("Mounts = %+v, %v", m, err)
	}
	files := 0
	if err := c.MountFiles(t.Context(), &control.MountName{Name: "photos"}, func(*control.MountFile) error { files++; return nil }); err != nil || files != 2 {
		t.Errorf("MountFiles: %d, %v", files, err)
	}
	if err := c.Unmount(t.Context(), &control.MountName{Name: "photos"}); err != nil {
		t.Errorf("Unmount: %v", err)
	}
	s := serveWeb(t, nil)
	w := control.DialWeb(s.base, s.token)
	defer w.Close()
	_, mount := w.Mount(t.Context(), &control.Mount{Dir: "/"})
	_, mounts := w.Mounts(t.Context())
	for name, err := range map[string]error{
		"Mount": mount, "Mounts": mounts, "Unmount": w.Unmount(t.Context(), &control.MountName{Name: "x"}),
		"MountFiles": w.MountFiles(t.Context(), &control.MountName{Name: "photos"}, func(*control.MountFile) error { return nil }),
	} {
		if control.CodeOf(err) != control.NotImplemented {
			t.Errorf("%s over the web: %v", name, err)
		}
	}
	if calls := s.b.Calls(); len(calls) != 0 {
		t.Errorf("the node was called: %v", calls)
	}
}

func TestBadKeepRequests(t *testing.T) {
	b := controltest.New()
	_, c, _ := serveUnix(t, control.Config{Backend: b})
	long := strings.Repeat("x", 10_000)
	var errs []error
	add := func(_ any, err error) { errs = append(errs, err) }
	for _, r := range []control.KeepRequest{{}, {Region: "R", World: true}, {World: true, Quota: -1}, {Region: long}, {Region: "a\x1b[2J"}} {
		add(c.Keep(t.Context(), &r))
	}
	for _, r := range []control.UnkeepRequest{{}, {Region: "R", World: true}, {Region: long}} {
		add(c.Unkeep(t.Context(), &r))
	}
	for _, r := range []control.Mount{{}, {Dir: long}, {Dir: "/", MaxFile: -1}, {Dir: "/", Name: long}, {Dir: "/", Name: "a b"}} {
		add(c.Mount(t.Context(), &r))
	}
	add(nil, c.Unmount(t.Context(), &control.MountName{}))
	add(nil, c.LumpGet(t.Context(), &control.LumpRequest{CID: "c", Offset: -1}, func(*control.LumpChunk) error { return nil }))
	add(c.RegionCheckpoint(t.Context(), &control.CheckpointRequest{Region: long}))
	add(c.RegionSeed(t.Context(), &control.SeedRequest{Name: "R", Furnish: "hearth", From: "cid"}))
	for i, err := range errs {
		if control.CodeOf(err) != control.Invalid {
			t.Errorf("request %d: %v", i, err)
		}
	}
	if calls := b.Calls(); len(calls) != 0 {
		t.Errorf("the node was called: %v", calls)
	}
}

// A node that is killed in the middle of an answer is said to be gone.
func TestTheNodeGoesAway(t *testing.T) {
	dir := t.TempDir()
	ln, err := net.Listen("unix", filepath.Join(dir, "control.sock"))
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	var conn atomic.Pointer[net.Conn]
	go func() {
		hs := &http.Server{ConnState: func(c net.Conn, s http.ConnState) {
			if s == http.StateNew {
				conn.Store(&c)
			}
		}, Protocols: new(http.Protocols), Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/connect+json")
			_, _ = w.Write([]byte{0, 0, 0, 0, 9, '{'})
			w.(http.Flusher).Flush()
			(*conn.Load()).Close()
		})}
		hs.Protocols.SetHTTP1(true)
		hs.Protocols.SetUnencryptedHTTP2(true)
		_ = hs.Serve(ln)
	}()
	c := control.Dial(filepath.Join(dir, "control.sock"))
	defer c.Close()
	err = c.LumpGet(t.Context(), &control.LumpRequest{CID: "c"}, func(*control.LumpChunk) error { return nil })
	if control.CodeOf(err) != control.Unavailable || control.HintOf(err) == "" {
		t.Errorf("%v", err)
	}
}
