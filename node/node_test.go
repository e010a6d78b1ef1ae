package node

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/metatopia/metatopia/node/control"
)

var loopback = []string{"/ip4/127.0.0.1/udp/0/quic-v1", "/ip4/127.0.0.1/tcp/0"}

func startNode(t *testing.T, cfg Config) *Node {
	t.Helper()
	if cfg.Home == "" {
		cfg.Home = t.TempDir()
	}
	if cfg.Version = "test"; cfg.Listen == nil {
		cfg.Listen = loopback
	}
	if os.Getenv("METATOPIA_TEST_LOG") != "" {
		cfg.Log = slog.New(slog.NewTextHandler(os.Stderr, nil)).With("node", cfg.Name)
	}
	n, err := Start(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stopNode(t, n) })
	return n
}

func stopNode(t *testing.T, n *Node) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := n.Close(ctx); err != nil {
		t.Errorf("close: %v", err)
	}
}

func waitFor(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("timed out waiting for %s", what)
		case <-tick.C:
		}
	}
}

func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func found(t *testing.T, n *Node) *control.WorldInfo {
	t.Helper()
	return must(n.Backend().WorldCreate(t.Context(), &control.WorldCreateRequest{
		Name: "Test", Size: control.Point{X: 256, Y: 64, Z: 192},
	}))(t)
}

func TestJoinFetchesTheCharterAndLumps(t *testing.T) {
	a := startNode(t, Config{Name: "Ada"})
	w := found(t, a)
	b := startNode(t, Config{Name: "Bob", Join: w.Link})
	got := must(b.Backend().WorldInfo(t.Context()))(t)
	if got.ID != w.ID || got.Name != "Test" || got.Founder != a.key.String() {
		t.Fatalf("%+v", got)
	}

	big := make([]byte, 3<<20)
	_, _ = rand.Read(big)
	l := must(a.Backend().LumpAdd(t.Context(), true, once(big)))(t)
	var back bytes.Buffer
	source := ""
	err := b.Backend().LumpGet(t.Context(), &control.LumpRequest{CID: l.CID}, func(c *control.LumpChunk) error {
		if c.Source != "" {
			source = c.Source
		}
		back.Write(c.Data)
		return nil
	})
	if err != nil || !bytes.Equal(back.Bytes(), big) {
		t.Fatalf("%d bytes, %v", back.Len(), err)
	}
	if st := must(a.Backend().Status(t.Context()))(t); source != st.PeerID {
		t.Fatalf("source %q, want %s", source, st.PeerID)
	}
	// The charter and the lump.
	waitFor(t, "both fetches to be counted", func() bool { return b.count.snapshot()[countFetched] == 2 })
}

func TestForgedLinkHasNoEffect(t *testing.T) {
	a := startNode(t, Config{Name: "Ada"})
	found(t, a)
	// A lump that is no charter, offered as a world.
	l := must(a.Backend().LumpAdd(t.Context(), true, once([]byte("not a charter"))))(t)
	link := fmt.Sprintf("metatopia:%s?at=%s", l.CID, a.net.Addrs()[0])
	b := startNode(t, Config{Name: "Bob"})
	_, err := b.Backend().Join(t.Context(), &control.JoinRequest{Link: link})
	if control.CodeOf(err) != control.Corrupt {
		t.Fatalf("joined a forged world: %v", err)
	}
	if _, err := b.Backend().WorldInfo(t.Context()); control.CodeOf(err) != control.Conflict {
		t.Fatalf("after a refused join: %v", err)
	}
	if _, err := os.Stat(b.home.path("world.json")); err == nil {
		t.Fatal("a refused join was remembered")
	}
}

func TestWorldIsThereAfterARestart(t *testing.T) {
	home := t.TempDir()
	a := startNode(t, Config{Name: "Ada", Home: home})
	w := found(t, a)
	stopNode(t, a)
	b, err := Start(t.Context(), Config{Name: "Ada", Home: home, Listen: loopback})
	if err != nil {
		t.Fatal(err)
	}
	defer stopNode(t, b)
	if got := must(b.Backend().WorldInfo(t.Context()))(t); got.ID != w.ID {
		t.Fatalf("another world: %+v", got)
	}
	if _, err := b.Backend().WorldCreate(t.Context(), &control.WorldCreateRequest{Name: "Other"}); control.CodeOf(err) != control.Conflict {
		t.Fatal(err)
	}
}

func TestSitesKeepTheirDistance(t *testing.T) {
	a := startNode(t, Config{Name: "Ada"})
	found(t, a)
	b := a.Backend()
	must(b.RegionSeed(t.Context(), &control.SeedRequest{Name: "One"}))(t)
	for _, bad := range []control.SeedRequest{
		{Name: "Near", At: control.Point{X: 63}},
		{Name: "Far", At: control.Point{X: 1000}},
		{Name: "One"},
	} {
		if _, err := b.RegionSeed(t.Context(), &bad); control.CodeOf(err) != control.Conflict {
			t.Errorf("%s: %v", bad.Name, err)
		}
	}
	if _, err := b.RegionSeed(t.Context(), &control.SeedRequest{Name: "a\x1b[2J"}); control.CodeOf(err) != control.Invalid {
		t.Error(err)
	}
}

func TestSecondAnswerToWrongWords(t *testing.T) {
	a := startNode(t, Config{Name: "Ada"})
	b := a.Backend()
	if _, err := b.Say(t.Context(), &control.SayRequest{Text: "hello"}); control.CodeOf(err) != control.Conflict || control.HintOf(err) == "" {
		t.Errorf("say in no world: %v", err)
	}
	if _, err := b.LumpStat(t.Context(), &control.LumpRequest{CID: "nonsense"}); control.CodeOf(err) != control.Invalid {
		t.Error(err)
	}
	if _, err := b.Spawn(t.Context(), &control.SpawnRequest{Wasm: []byte("\x00asm nonsense")}); control.CodeOf(err) != control.Invalid {
		t.Error(err)
	}
	if err := b.Kill(t.Context(), &control.KillRequest{PID: 99}); control.CodeOf(err) != control.NotFound {
		t.Error(err)
	}
	if _, err := b.Join(t.Context(), &control.JoinRequest{Link: "http://x"}); control.CodeOf(err) != control.Invalid {
		t.Error(err)
	}
}

func TestDoctorNamesWhatIsMissing(t *testing.T) {
	a := startNode(t, Config{Name: "Ada"})
	r := must(a.Backend().Doctor(t.Context()))(t)
	byName := map[string]control.DoctorCheck{}
	for _, c := range r.Checks {
		byName[c.Name] = c
		if !c.OK && c.Hint == "" && !strings.Contains(c.Detail, "error") {
			t.Errorf("%s fails without a hint: %s", c.Name, c.Detail)
		}
	}
	if !byName["durable writes"].OK || !byName["listening"].OK || byName["world"].OK || byName["guests"].OK {
		t.Fatalf("%+v", r.Checks)
	}
}

func TestLumpChunksReader(t *testing.T) {
	parts := [][]byte{[]byte("ab"), {}, []byte("c")}
	i := 0
	r := &chunkReader{next: func() ([]byte, error) {
		if i == len(parts) {
			return nil, io.EOF
		}
		i++
		return parts[i-1], nil
	}}
	if b, err := io.ReadAll(r); err != nil || string(b) != "abc" {
		t.Fatalf("%q %v", b, err)
	}
}

// A node that comes back listens where its links say, and finds its world
// again without a new link.
func TestLinksStayGood(t *testing.T) {
	home := t.TempDir()
	a := startNode(t, Config{Name: "Ada", Home: home})
	w := found(t, a)
	bobHome := t.TempDir()
	b := startNode(t, Config{Name: "Bob", Home: bobHome, Join: w.Link})
	stopNode(t, b)
	stopNode(t, a)
	again, err := Start(t.Context(), Config{Name: "Ada", Home: home, Listen: loopback})
	if err != nil {
		t.Fatal(err)
	}
	defer stopNode(t, again)
	if link := must(again.Backend().WorldInfo(t.Context()))(t).Link; link != w.Link {
		t.Fatalf("link was %s\nand is %s", w.Link, link)
	}
	back, err := Start(t.Context(), Config{Name: "Bob", Home: bobHome, Listen: loopback})
	if err != nil {
		t.Fatal(err)
	}
	defer stopNode(t, back)
	waitFor(t, "Bob to find Ada again", func() bool { return back.net.Connected(again.key) })
}

// A damaged lump is said to be damaged, at once when nobody could send it, and
// fetched again when somebody can.
func TestDamagedLump(t *testing.T) {
	a := startNode(t, Config{Name: "Ada"})
	content := bytes.Repeat([]byte("precious "), 1000)
	l := must(a.Backend().LumpAdd(t.Context(), true, once(content)))(t)
	damage := func() {
		t.Helper()
		hits := 0
		err := filepath.WalkDir(a.home.path("lumps"), func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			if b, err := os.ReadFile(path); err == nil && bytes.Equal(b, content) {
				hits++
				b[100] ^= 1
				return os.WriteFile(path, b, 0o600)
			}
			return nil
		})
		if err != nil || hits != 1 {
			t.Fatalf("%d files damaged: %v", hits, err)
		}
	}
	get := func() ([]byte, error) {
		var back []byte
		err := a.Backend().LumpGet(t.Context(), &control.LumpRequest{CID: l.CID}, func(c *control.LumpChunk) error {
			back = append(back, c.Data...)
			return nil
		})
		return back, err
	}
	damage()
	if b, err := get(); control.CodeOf(err) != control.Corrupt || len(b) != 0 {
		t.Fatalf("%d bytes, %v", len(b), err)
	}
	found(t, a)
	must(a.Backend().LumpAdd(t.Context(), true, once(content)))(t)
	b := startNode(t, Config{Name: "Bob", Join: must(a.Backend().WorldInfo(t.Context()))(t).Link})
	must(b.Backend().LumpPin(t.Context(), &control.LumpRequest{CID: l.CID}))(t)
	damage()
	if got, err := get(); err != nil || !bytes.Equal(got, content) {
		t.Fatalf("not healed from Bob: %d bytes, %v", len(got), err)
	}
}
