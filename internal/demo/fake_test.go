package demo

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
)

// The tests start this test binary as the nodes: fakeEnv says which part it
// plays. A fake node keeps its world and region in files, so that a second
// run finds them, and has counters that never move.
const fakeEnv = "METATOPIA_DEMO_FAKE"

func TestMain(m *testing.M) {
	switch os.Getenv(fakeEnv) {
	case "":
		os.Exit(m.Run())
	case "supervisor":
		os.Exit(superviseUntilKilled())
	default:
		if err := fakeNode(os.Getenv(fakeEnv), os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			if hint := control.HintOf(err); hint != "" {
				fmt.Fprintln(os.Stderr, "hint:", hint)
			}
			os.Exit(1)
		}
	}
}

func fakeNode(mode string, args []string) error {
	f := &fake{mode: mode}
	for i := range args {
		switch args[i] {
		case "--home":
			f.home = args[i+1]
		case "--name":
			f.name = args[i+1]
		case "--join":
			f.link = args[i+1]
		}
	}
	if mode == "refuses" && f.name == "Commons" {
		return control.Errorf(control.Failed, "move the moon", "the moon is in the wrong place")
	}
	if f.link != "" {
		if err := f.keep("world", f.link); err != nil {
			return err
		}
	}
	if err := f.keep("pid", fmt.Sprint(os.Getpid())); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	srv, err := control.NewServer(control.Config{Backend: f})
	if err != nil {
		return err
	}
	if err := srv.ServeUnix(control.SocketPath(f.home)); err != nil {
		return err
	}
	<-ctx.Done()
	return srv.Close(context.Background())
}

// fake implements what the supervisor calls; anything else would panic.
type fake struct {
	control.Backend
	mode, home, name, link string
}

func (f *fake) keep(name, text string) error {
	return os.WriteFile(filepath.Join(f.home, name), []byte(text), 0o600)
}

func (f *fake) kept(name string) string {
	b, err := os.ReadFile(filepath.Join(f.home, name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		panic(err)
	}
	return string(b)
}

func fakeKey(name string) string {
	id := base.DeriveID("fake", []byte(name))
	return hex.EncodeToString(id[:]) + hex.EncodeToString(id[:])
}

func (f *fake) Status(context.Context) (*control.StatusResponse, error) {
	st := &control.StatusResponse{
		Name: f.name, Key: fakeKey(f.name), WebURL: "http://127.0.0.1:1/#x", Telnet: "127.0.0.1:2",
		Counters: map[string]uint64{
			"crossings": 1, "messages": 2, "lumps_fetched": 3, "scripts_run": 4, "handoffs": 5, "errors": 0,
		},
	}
	if f.kept("world") != "" {
		st.World = &control.WorldInfo{ID: "bafk", Name: worldName}
	}
	if r := f.kept("region"); r != "" {
		st.Serving = []control.ServedRegion{{Name: r, Tick: 7}}
	}
	return st, nil
}

func (f *fake) Neighbours(context.Context) (*control.NeighboursResponse, error) {
	if f.mode == "dies" && f.name == "Ada" {
		fmt.Fprintln(os.Stderr, "out of cheese")
		os.Exit(3)
	}
	// Everybody sees Hearthside, itself perhaps, and a stranger.
	return &control.NeighboursResponse{Neighbours: []control.Neighbour{
		{Key: fakeKey("Hearthside")}, {Key: fakeKey("Hearthside")}, {Key: fakeKey("stranger")},
	}}, nil
}

func (f *fake) WorldCreate(_ context.Context, r *control.WorldCreateRequest) (*control.WorldInfo, error) {
	if f.kept("world") != "" {
		return nil, control.Errorf(control.Conflict, "", "there is a world already")
	}
	return f.WorldInfo(context.Background())
}

func (f *fake) WorldInfo(context.Context) (*control.WorldInfo, error) {
	if err := f.keep("world", "x"); err != nil {
		return nil, err
	}
	return &control.WorldInfo{ID: "bafk", Name: worldName, Link: "metatopia:bafk"}, nil
}

func (f *fake) RegionSeed(_ context.Context, r *control.SeedRequest) (*control.Region, error) {
	if f.kept("region") != "" {
		return nil, control.Errorf(control.Conflict, "", "there is a region already")
	}
	return &control.Region{Name: r.Name}, f.keep("region", r.Name)
}

// LumpAdd keeps the last lump beside the nodes' homes, where all fakes find it.
func (f *fake) LumpAdd(_ context.Context, _ bool, next func() ([]byte, error)) (*control.Lump, error) {
	var all []byte
	for {
		b, err := next()
		if errors.Is(err, io.EOF) {
			return &control.Lump{CID: fmt.Sprintf("cid-of-%d-bytes", len(all))}, f.keep("../lump", string(all))
		}
		if err != nil {
			return nil, err
		}
		all = append(all, b...)
	}
}

func (f *fake) LumpGet(_ context.Context, _ *control.LumpRequest, send func(*control.LumpChunk) error) error {
	text := f.kept("../lump")
	if f.mode == "lies" {
		text = strings.ToUpper(text)
	}
	return send(&control.LumpChunk{Data: []byte(text)})
}

func (f *fake) Spawn(_ context.Context, r *control.SpawnRequest) (*control.SpawnResponse, error) {
	return &control.SpawnResponse{}, f.keep("spawn", r.CID+" "+strings.Join(r.Args, " "))
}
