package e2e

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/metatopia/metatopia/node/control"
)

// soakClients is how many people walk and trade.
const soakClients = 20

// hub makes n network namespaces that meet in another one: n machines and the
// network between them. It gives what runs something in each, and what cuts one
// off.
func hub(t *testing.T, n int) (in [][]string, cut func(i int, off bool)) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Fatal("network namespaces need root: run it as root")
	}
	id := os.Getpid() % 10000
	ip := func(args ...string) {
		t.Helper()
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			if strings.Contains(string(out), "not permitted") {
				t.Skipf("this container may not make network namespaces: %s", out)
			}
			t.Fatalf("ip %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	name := func(i int) string { return fmt.Sprintf("mts%dn%d", id, i) }
	for i := range n + 1 {
		ip("netns", "add", name(i))
		t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", name(i)).Run() })
		ip("-n", name(i), "link", "set", "lo", "up")
		in = append(in, []string{"ip", "netns", "exec", name(i)})
	}
	ip("-n", name(n), "link", "add", "br0", "type", "bridge")
	ip("-n", name(n), "link", "set", "br0", "up")
	for i := range n {
		far := fmt.Sprintf("p%d", i)
		ip("link", "add", "eth0", "netns", name(i), "type", "veth", "peer", "name", far, "netns", name(n))
		ip("-n", name(i), "addr", "add", fmt.Sprintf("10.98.0.%d/24", i+1), "dev", "eth0")
		ip("-n", name(i), "link", "set", "eth0", "up")
		ip("-n", name(n), "link", "set", far, "master", "br0")
		ip("-n", name(n), "link", "set", far, "up")
	}
	return in, func(i int, off bool) {
		t.Helper()
		state := "up"
		if off {
			state = "down"
		}
		ip("-n", name(n), "link", "set", fmt.Sprintf("p%d", i), state)
	}
}

// trader is one person: walks about, and counts in a slot of the avatar. What
// was answered must be there at the end.
type trader struct {
	client *control.Client
	home   string
	avatar string
	last   int          // highest count that was answered
	next   int          // the one after it may have been taken too
	acts   atomic.Int64 // things done
}

func (p *trader) run(done <-chan struct{}, seed uint64) {
	r := rand.New(rand.NewPCG(seed, 1))
	for {
		select {
		case <-done:
			return
		case <-time.After(time.Duration(100+r.IntN(400)) * time.Millisecond):
		}
		ctx, cancel := timeout()
		_, _ = p.client.Walk(ctx, &control.WalkRequest{To: &control.Point{X: float64(r.IntN(40) - 20), Z: float64(r.IntN(40) - 20)}})
		if r.IntN(4) == 0 { // whoever is near enough to something loose
			_, _ = p.client.Throw(ctx, &control.ThrowRequest{Vel: control.Point{X: 3, Y: 4}})
		}
		p.next = p.last + 1
		_, err := p.client.SetSlot(ctx, &control.SetSlotRequest{Thing: p.avatar, Slot: control.Slot{Name: "coins", Type: "int", Value: strconv.Itoa(p.next)}})
		cancel()
		if err == nil {
			p.last = p.next
			p.acts.Add(1)
		}
	}
}

// TestServersFail: three machines serve a region in which 20 people walk and
// trade. The leader is killed with kill -9, one server frozen with SIGSTOP, one
// cut off, one after the other, each comes back. The world goes on all the
// time, in the end all have the same state, and nothing that was answered is
// lost.
func TestServersFail(t *testing.T) {
	if os.Getenv("METATOPIA_SOAK") == "" {
		t.Skip("set METATOPIA_SOAK: it takes five minutes and 23 processes")
	}
	in, cut := hub(t, 3+soakClients)
	dir := t.TempDir()
	var listen [][]string
	for i := range 3 {
		listen = append(listen, []string{"--listen", fmt.Sprintf("/ip4/10.98.0.%d/tcp/4001", i+1)})
	}
	s := serveThree(t, dir, in[:3], listen)
	var people []*trader
	for i := range soakClients {
		home := filepath.Join(dir, fmt.Sprint("client", i))
		u := start(t, in[3+i], home, "--listen", fmt.Sprintf("/ip4/10.98.0.%d/tcp/4001", 4+i), "--join", s.link)
		p := &trader{client: control.Dial(u.ready.Socket), home: home}
		t.Cleanup(func() { p.client.Close() })
		people = append(people, p)
	}
	for _, p := range people {
		eventually(t, 3*time.Minute, "everybody stands in the region", func() error {
			st := status(t, p.home)
			if st.Avatar == nil || st.InRegion == "" {
				return fmt.Errorf("avatar %v in %q", st.Avatar, st.InRegion)
			}
			p.avatar = st.Avatar.ID
			return nil
		})
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	for i, p := range people {
		wg.Go(func() { p.run(done, uint64(i)) })
	}
	defer wg.Wait()
	end := sync.OnceFunc(func() { close(done) })
	defer end()
	goesOn := func(what string) {
		t.Helper()
		before := make([]int64, len(people))
		for i, p := range people {
			before[i] = p.acts.Load()
		}
		eventually(t, 2*time.Minute, "everybody goes on: "+what, func() error {
			for i, p := range people {
				if p.acts.Load() < before[i]+3 {
					return fmt.Errorf("person %d has done %d things since", i, p.acts.Load()-before[i])
				}
			}
			return nil
		})
		t.Logf("%s: goes on", what)
	}
	whole := func(home string) {
		t.Helper()
		s.await(t, "three voters in step", home, func(r *control.RegionServers) bool {
			for _, x := range r.Servers {
				if x.Lag > 40 {
					return false
				}
			}
			return votes(r) == 3 && r.Leader != ""
		})
	}
	goesOn("at first")

	leads, other := s.leader(t, s.homes[0])
	s.ups[leads].kill()
	goesOn("the leader was killed")
	s.ups[leads] = start(t, in[leads], s.homes[leads], s.args[leads]...)
	whole(s.homes[other])

	leads, other = s.leader(t, s.homes[0])
	stop := s.ups[other].cmd.Process.Pid
	if err := syscall.Kill(-stop, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	goesOn("a server is frozen")
	if err := syscall.Kill(-stop, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	whole(s.homes[leads])

	leads, _ = s.leader(t, s.homes[0])
	cut(leads, true)
	goesOn("the leader is cut off")
	cut(leads, false)
	whole(s.homes[(leads+1)%3])

	end()
	wg.Wait()
	s.agree(t, 0, 1, 2)
	for i, p := range people {
		ctx, cancel := timeout()
		r, err := p.client.Inspect(ctx, &control.InspectRequest{Thing: p.avatar})
		cancel()
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		for _, x := range r.Slots {
			if x.Name == "coins" {
				got, _ = strconv.Atoi(x.Value)
			}
		}
		if got != p.last && got != p.next {
			t.Errorf("person %d: %d was answered and %d tried, but %d is there", i, p.last, p.next, got)
		}
	}
	var all int64
	for _, p := range people {
		all += p.acts.Load()
	}
	t.Logf("%d things done by %d people, none lost", all, len(people))
}
