package scripting

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/scripting/compiler"
	guests "github.com/metatopia/metatopia/scripting/guest"
	"github.com/metatopia/metatopia/scripting/guest/builder"
)

// built is a directory of guests made for this test run, when none are
// embedded.
var built = sync.OnceValues(func() (string, error) {
	dir := filepath.Join(os.TempDir(), fmt.Sprintf("metatopia-guests-%d", os.Getpid()))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	return dir, builder.Build(context.Background(), builder.Config{Dir: "guest", Out: dir, Log: os.Stderr})
})

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == compiler.Command { // a child, see TestCompiledByChild
		os.Exit(compiler.Main(os.Args[2:], os.Stdin, os.Stderr))
	}
	code := m.Run()
	os.RemoveAll(filepath.Join(os.TempDir(), fmt.Sprintf("metatopia-guests-%d", os.Getpid())))
	os.Exit(code)
}

// shipped gives a guest as it is embedded, or builds it.
func shipped(t testing.TB, name string) []byte {
	t.Helper()
	wasm, source, _, err := guests.Open(name)
	if errors.Is(err, guests.ErrNotBuilt) {
		dir, berr := built()
		if berr != nil {
			t.Fatalf("%v (and building them here failed: %v)", err, berr)
		}
		wasm, source, _, err = guests.OpenFS(os.DirFS(dir), name)
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(source) == 0 {
		t.Errorf("%s has no source", name)
	}
	return wasm
}

func TestShippedKinds(t *testing.T) {
	e := newEngine(t)
	for _, meta := range guests.List() {
		m := admitGuest(t, e, shipped(t, meta.Name))
		if handler := m.IsHandler() == nil; handler != (meta.Kind == "handler" || meta.Kind == "driver") {
			t.Errorf("%s: handler: %v", meta.Name, m.IsHandler())
		}
		if process := m.IsProcess() == nil; process != (meta.Kind == "process" || meta.Kind == "process driver") {
			t.Errorf("%s: process: %v", meta.Name, m.IsProcess())
		}
		if loader := m.IsLoader() == nil; loader != (meta.Kind == "loader") {
			t.Errorf("%s: loader: %v", meta.Name, m.IsLoader())
		}
	}
	if _, _, _, err := guests.Open("nobody"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// slots is a thing for handlers.
type slots map[string]Value

func (s slots) run(t *testing.T, e *Engine, m *Module, ev Event) Effects {
	t.Helper()
	got, err := e.Handle(m, ev, func(n string) (Value, bool) { v, ok := s[n]; return v, ok }, 1, 2e6)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range got.Set {
		s[w.Name] = w.Value
	}
	return got
}

func TestLamp(t *testing.T) {
	e := newEngine(t)
	m := admitGuest(t, e, shipped(t, "lamp"))
	s := slots{"lit": Bool(false)}
	for i := range 3 {
		got := s.run(t, e, m, touched)
		if s["lit"] != Bool(i%2 == 0) || s["touched"] != Int(int64(i+1)) {
			t.Fatalf("touch %d: %+v", i, s)
		}
		if got.Gas > 100_000 {
			t.Errorf("a touch costs %d gas", got.Gas)
		}
	}
	if got := s.run(t, e, m, Event{Name: "tick"}); len(got.Set) != 0 {
		t.Errorf("a tick: %+v", got)
	}
}

func TestBell(t *testing.T) {
	e := newEngine(t)
	m := admitGuest(t, e, shipped(t, "bell"))
	s := slots{}
	for i := range 2 {
		if got := s.run(t, e, m, touched); !slices.Equal(got.Say, []string{fmt.Sprintf("Ding! (%d)", i+1)}) || s["rung"] != Int(int64(i+1)) {
			t.Fatalf("touch %d: %+v %+v", i, got, s)
		}
	}
	heard := Event{Name: "heard", FromName: "Zoë", Text: "What a nice Bell!"}
	if got := s.run(t, e, m, heard); len(got.Say) != 1 || !strings.Contains(got.Say[0], "Zoë") || !strings.Contains(got.Say[0], "2 times") {
		t.Errorf("got %+v", got)
	}
	heard.Text = "What a nice day!"
	if got := s.run(t, e, m, heard); len(got.Say) != 0 {
		t.Errorf("got %+v", got)
	}
}

// TestShippedPure runs the shipped handlers in two engines, many times.
func TestShippedPure(t *testing.T) {
	for _, name := range []string{"lamp", "bell"} {
		var want Effects
		for range 2 {
			e := newEngine(t)
			m := admitGuest(t, e, shipped(t, name))
			for range 100 {
				got, err := e.Handle(m, Event{Name: "touch", From: base.DeriveID("x")}, one, 3, 2e6)
				if err != nil {
					t.Fatal(err)
				}
				if want.Gas == 0 {
					want = got
				}
				if !reflect.DeepEqual(got, want) {
					t.Fatalf("%s: got %+v, want %+v", name, got, want)
				}
			}
		}
	}
}

func TestGreeter(t *testing.T) {
	w := &fakeWorld{}
	ps := newProcesses(t, ProcessesConfig{World: func() World { return w }})
	pid := spawn(t, ps, shipped(t, "greeter"), SpawnSpec{Name: "greeter", Args: []string{"a", "b c"}})
	if got := lines(t, ps, pid, 1); got[0] != `greeter ready, arguments ["a" "b c"]` {
		t.Errorf("got %q", got)
	}
	for _, text := range []string{"hello", "hello Ada", "what?"} {
		if err := ps.Send(pid, 0, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	got := lines(t, ps, pid, 4)
	if want := []string{"1: greeted everybody", "2: greeted Ada", `3: got "what?"`}; !slices.Equal(got[1:], want) {
		t.Errorf("got %q, want %q", got[1:], want)
	}
	if want := []string{"say Hello, everybody!", "say Hello, Ada!"}; !slices.Equal(w.all(), want) {
		t.Errorf("got %q, want %q", w.all(), want)
	}
	info, _ := ps.Get(pid)
	if info.Received != 3 || info.Memory == 0 || info.Gas == 0 || info.CPU == 0 {
		t.Errorf("got %+v", info)
	}
	if err := ps.Kill(pid); err != nil {
		t.Fatal(err)
	}
}

// walkingWorld moves its avatar by 3 m/s of the clock it runs under.
type walkingWorld struct {
	fakeWorld
	to     Place
	moving bool
	last   time.Time
	was    []Place
}

func (w *walkingWorld) Where() (Place, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := time.Now()
	if dx, dz := w.to.X-w.at.X, w.to.Z-w.at.Z; w.moving {
		step, d := 3*now.Sub(w.last).Seconds(), math.Hypot(dx, dz)
		if step >= d {
			w.at, w.moving = w.to, false
		} else {
			w.at.X += dx / d * step
			w.at.Z += dz / d * step
		}
	}
	w.last = now
	w.was = append(w.was, w.at)
	return w.at, nil
}

func (w *walkingWorld) Walk(x, z float64) error {
	w.Where()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.to, w.moving = Place{X: x, Z: z}, true
	return nil
}

func (w *walkingWorld) Throw(thing string, vx, vy, vz float64) error {
	at, _ := w.Where()
	w.mu.Lock()
	defer w.mu.Unlock()
	for i, b := range w.near {
		if b.ID == thing && math.Hypot(b.X-at.X, b.Z-at.Z) <= 2.5 {
			w.near[i].X += 2 * vx // where it comes to rest
			w.did = append(w.did, fmt.Sprintf("throw %s over=%v", thing, (b.X < 32) != (w.near[i].X < 32)))
			return nil
		}
	}
	w.did = append(w.did, "out of reach")
	return ErrNotFound
}

// TestResident: a resident walks its path, says its lines, answers, throws
// the ball over the border, and survives a world that is not there yet.
func TestResident(t *testing.T) {
	wasm := shipped(t, "resident")
	e := newEngine(t)
	synctest.Test(t, func(t *testing.T) {
		w := &walkingWorld{}
		w.near = []Seen{{ID: "tree1", Kind: "tree"}, {ID: "ball1", Kind: "ball", Name: "red ball", X: 24, Z: 2}}
		var up bool
		var mu sync.Mutex
		ps := NewProcesses(ProcessesConfig{Engine: e, World: func() World {
			mu.Lock()
			defer mu.Unlock()
			if up {
				return w
			}
			return nil
		}})
		pid := spawn(t, ps, wasm, SpawnSpec{Args: []string{
			"path=0,0;20,0;10,10", "lines=Lovely day.|Mind the ball.", "name=Bo", "phase=0", "border=32"}})
		time.Sleep(10 * time.Second)
		if info, _ := ps.Get(pid); info.State != Waiting || len(w.all()) != 0 {
			t.Fatalf("without a world: %+v %q", info, w.all())
		}
		mu.Lock()
		up = true
		mu.Unlock()
		time.Sleep(3 * time.Minute)
		if err := ps.Send(pid, 0, []byte("heard\tAda\tHello, Bo!")); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		did := w.all()
		count := func(prefix string) (n int) {
			for _, d := range did {
				if strings.HasPrefix(d, prefix) {
					n++
				}
			}
			return n
		}
		if count("throw ball1 over=true") == 0 || count("throw ball1 over=false") != 0 || count("out of reach") != 0 {
			t.Errorf("throws: %q", did)
		}
		if count("say Lovely day.") == 0 || count("say Mind the ball.") == 0 {
			t.Errorf("lines: %q", did)
		}
		if count("say Good day to you.")+count("say Welcome!")+count("say Fine weather") != 1 {
			t.Errorf("answers: %q", did)
		}
		for _, p := range []Place{{X: 0, Z: 0}, {X: 20, Z: 0}, {X: 10, Z: 10}} {
			if !slices.ContainsFunc(w.was, func(q Place) bool { return math.Hypot(p.X-q.X, p.Z-q.Z) < 1.3 }) {
				t.Errorf("never was at %+v", p)
			}
		}
		info, _ := ps.Get(pid)
		if info.State == Exited || info.Memory > 8<<20 {
			t.Errorf("got %+v", info)
		}
		// A day later it still runs and has not grown.
		time.Sleep(2 * time.Hour)
		later, _ := ps.Get(pid)
		if later.State == Exited || later.Memory > info.Memory+2<<16 {
			t.Errorf("after hours: %+v", later)
		}
		t.Logf("%d gas an hour, %d bytes", (later.Gas-info.Gas)/2, later.Memory)
		if err := ps.Close(); err != nil {
			t.Error(err)
		}
	})
}
