package server

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/wire"
	"github.com/metatopia/metatopia/spatial"
)

const childEnv = "METATOPIA_SERVER_TEST_CHILD"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childEnv); dir != "" {
		child(dir)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// fast is real time, twenty times as fast for ticks. What bounds how long a client
// may take stays as long as it is: the machine is no quicker.
type fast struct{ start time.Time }

func (f fast) Now() time.Time { return f.start.Add(20 * time.Since(f.start)) }

func (f fast) After(d time.Duration) <-chan time.Time {
	if d < time.Second {
		d /= 20
	}
	return time.After(d)
}

// child serves a region and plays in it until it is killed. Its output is one
// line for every tick made ("tick N HASH", before it is durable) and for every
// acknowledgement ("ack I", when slot n of the avatar was set to I).
func child(dir string) {
	var mu sync.Mutex
	say := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintf(os.Stdout, format+"\n", args...)
	}
	die := func(err error) {
		if err != nil {
			say("error %v", err)
			os.Exit(1)
		}
	}
	s, err := Open(Config{Region: regionConfig("hearth", 0), Dir: dir, Clock: fast{time.Now()}, Furnish: set("hearth"),
		Trace: func(t base.Tick, h region.Hash) { say("tick %d %s", t, h) }})
	die(err)
	say("open %d", s.Status().Tick)
	go func() { die(s.Run(context.Background())) }()
	p := &player{name: "ann"}
	p.key, p.priv = privKey("player ann")
	a, b := net.Pipe()
	go s.HandleClient(context.Background(), p.key, b)
	die(wire.Write(a, &wire.Hello{Version: wire.Version, World: testWorld, Region: s.cfg.Region.ID, Key: p.key, Radius: 100}))
	n := 0
	for {
		m, err := wire.Read(a, wire.MaxServerFrame)
		die(err)
		switch m := m.(type) {
		case *wire.Welcome:
			p.seq = max(m.Seq, 1000)
			go wire.Write(a, &wire.Input{Signed: p.signed(region.Input{Kind: region.InJoin, Region: s.cfg.Region.ID, Name: "ann", Pos: spatial.At(2, 0, 0)})})
		case *wire.Refused:
			die(fmt.Errorf("refused: %s", m.Text))
		case *wire.Ack:
			if m.Code != region.OK {
				die(fmt.Errorf("input refused: %v", m.Code))
			}
			if n > 0 {
				say("ack %d", n)
			}
			n++
			next := p.signed(region.Input{Kind: region.InSet, Thing: base.AvatarID(p.key), Slot: region.SlotWrite{Name: "n", Value: region.IntSlot(int64(n))}})
			go wire.Write(a, &wire.Input{Signed: next})
			if n%7 == 0 {
				p.seq++ // movement in between
			}
		}
	}
}

// TestKill kills a real process in the middle of its writes, again and again.
func TestKill(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	r := base.NewRand(uint64(time.Now().UnixNano()), 1)
	hashes := map[base.Tick]string{}
	for round := range 4 {
		cmd := exec.Command(exe)
		cmd.Env = append(os.Environ(), childEnv+"="+dir)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		acked, want := 0, 5+r.IntN(20)
		for sc := bufio.NewScanner(out); sc.Scan(); {
			f := strings.Fields(sc.Text())
			switch f[0] {
			case "tick":
				n, _ := strconv.ParseUint(f[1], 10, 64)
				hashes[base.Tick(n)] = f[2]
			case "ack":
				acked, _ = strconv.Atoi(f[1])
				if acked == want {
					cmd.Process.Kill() // SIGKILL; what it still wrote is read
				}
			case "error":
				t.Fatalf("round %d: child: %s", round, sc.Text())
			}
		}
		cmd.Wait()
		if acked < want {
			t.Fatalf("round %d: the child ended after %d acknowledgements", round, acked)
		}
		s, err := Open(Config{Region: regionConfig("hearth", 0), Dir: dir})
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		st := s.Status()
		if st.Tick != st.Durable || hashes[st.Tick] != st.Hash.String() {
			t.Fatalf("round %d: tick %d has hash %s, before the kill it had %s", round, st.Tick, st.Hash.Short(), hashes[st.Tick])
		}
		got := int64(-1)
		for _, x := range s.Things() {
			if x.Thing.Name == "ann" {
				v, _ := x.Thing.Slots.Get("n")
				got = v.Int
			}
		}
		if got < int64(acked) {
			t.Fatalf("round %d: %d was acknowledged, %d is there", round, acked, got)
		}
		// Without a checkpoint: the next round replays the log again.
		s.stop()
		close(s.queue)
		<-s.written
		<-s.saved
		s.store.db.Close()
	}
}
