package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/metatopia/metatopia/node/control"
)

// roleOf is what a server is, as the others say.
func roleOf(r *control.RegionServers, peer string) string {
	for _, x := range r.Servers {
		if x.PeerID == peer {
			return x.Role
		}
	}
	return "nothing"
}

// TestServersFailForGood: three processes serve a region, a fourth waits as a
// learner, and nobody administers it but who has been there longest. The one
// that leads is killed with kill -9 right after the entry that takes the office
// from Bob: his command is refused by those that are left (case 27 of
// docs/protocol/succession.md). A minute later the learner has the vote of the
// dead one, which follows without one when it comes back. Then the person of
// the one that leads stops serving, which holds nobody up; and of the rest two
// die at once: nothing happens any more, and nobody is taken out, until one is
// back.
func TestServersFailForGood(t *testing.T) {
	if os.Getenv("METATOPIA_SOAK") == "" {
		t.Skip("set METATOPIA_SOAK: it takes four minutes")
	}
	dir := t.TempDir()
	var listen [][]string
	for range 3 {
		listen = append(listen, []string{"--absent", "--listen", fmt.Sprintf("/ip4/127.0.0.1/tcp/%d", freePort(t))})
	}
	s := serveThree(t, dir, make([][]string, 3), listen)
	spare := filepath.Join(dir, "spare")
	s.homes, s.args = append(s.homes, spare), append(s.args, []string{"--log-level", "info", "--absent", "--listen", fmt.Sprintf("/ip4/127.0.0.1/tcp/%d", freePort(t))})
	s.ups = append(s.ups, start(t, nil, spare, append(s.args[3], "--join", s.link)...))
	s.peers = append(s.peers, status(t, spare).PeerID)
	eventually(t, 60*time.Second, "the region is known", func() error {
		if r := cli(t, spare, "region", "serve", "Hearthside"); r.code != 0 {
			return fmt.Errorf("%s", r.err)
		}
		return nil
	})
	must(t, s.homes[0], "region", "add-server", s.peers[3])
	s.await(t, "a learner", s.homes[0], func(r *control.RegionServers) bool {
		return votes(r) == 3 && roleOf(r, s.peers[3]) == "learner" && r.Servers[3].Tick > 0 && r.Servers[3].Lag < 40
	})

	// Charlie comes first, then Bob.
	admin := func(home string) (st control.AdminStatus) {
		mustJSON(t, home, &st, "admin", "status", "Hearthside")
		return st
	}
	people := map[string]string{}
	for i, name := range []string{"charlie", "bob"} {
		home := filepath.Join(dir, name)
		start(t, nil, home, append(loopback, "--join", s.link)...)
		people[name] = status(t, home).Key
		eventually(t, 90*time.Second, name+" is a player", func() error {
			if st := admin(s.homes[0]); len(st.Heirs) != i+1 {
				return fmt.Errorf("%+v", st)
			}
			return nil
		})
	}
	charlie, bob := filepath.Join(dir, "charlie"), filepath.Join(dir, "bob")
	in := []string{"--region", "Hearthside"}
	must(t, charlie, append([]string{"admin", "opt", "out"}, in...)...)
	must(t, s.homes[0], append([]string{"admin", "resign"}, in...)...)
	if st := admin(bob); st.Temp != people["bob"] {
		t.Fatalf("the temporary admin is %s, not Bob: %q", st.Temp, st.Words)
	}
	eve := strings.Repeat("e5", 32)
	must(t, bob, append([]string{"admin", "ban", eve}, in...)...)

	leads, other := s.leader(t, s.homes[0])
	must(t, charlie, append([]string{"admin", "opt", "in"}, in...)...)
	s.ups[leads].kill()
	var said result
	eventually(t, 90*time.Second, "Bob gets an answer", func() error {
		if said = cli(t, bob, append([]string{"admin", "unban", eve}, in...)...); said.code != control.ExitDenied {
			return fmt.Errorf("exit code %d: %s%s", said.code, said.out, said.err)
		}
		return nil
	})
	t.Logf("Bob's command: %s", said.err)
	eventually(t, 60*time.Second, "Charlie's command", func() error {
		if r := cli(t, charlie, append([]string{"admin", "unban", eve}, in...)...); r.code != 0 {
			return fmt.Errorf("exit code %d: %s", r.code, r.err)
		}
		return nil
	})
	for _, home := range []string{s.homes[other], spare, bob} {
		if st := admin(home); st.Temp != people["charlie"] {
			t.Errorf("%s: the temporary admin is %s, not Charlie: %q", home, st.Temp, st.Words)
		}
	}

	died := time.Now()
	s.await(t, "the learner has the vote of the dead one", s.homes[other], func(r *control.RegionServers) bool {
		return votes(r) == 3 && roleOf(r, s.peers[3]) != "learner" && roleOf(r, s.peers[leads]) == "silent"
	})
	t.Logf("a dead server was replaced %v after the rest went on", time.Since(died).Round(time.Second))
	s.ups[leads] = start(t, nil, s.homes[leads], s.args[leads]...)
	s.await(t, "the dead one follows without a vote", s.homes[other], func(r *control.RegionServers) bool {
		return votes(r) == 3 && roleOf(r, s.peers[leads]) == "learner"
	})
	s.agree(t, 0, 1, 2, 3)

	// The person of the one that leads wants no more of it. The owner's node
	// must not be that one: an owner removes itself.
	stops := 0
	eventually(t, 90*time.Second, "another node than the owner's leads", func() error {
		if stops, _ = s.leader(t, s.homes[0]); stops == 0 {
			s.ups[0].stop(t)
			s.ups[0] = start(t, nil, s.homes[0], s.args[0]...)
			return fmt.Errorf("it is the owner's")
		}
		return nil
	})
	begin := time.Now()
	must(t, s.homes[stops], "region", "serve", "Hearthside", "--stop")
	must(t, bob, "say", "does anybody lead?")
	t.Logf("with another leader somebody was heard after %v", time.Since(begin).Round(10*time.Millisecond))
	s.await(t, "it is silent", s.homes[0], func(r *control.RegionServers) bool {
		return roleOf(r, s.peers[stops]) == "silent" || roleOf(r, s.peers[stops]) == "joining"
	})
	if _, err := os.Stat(filepath.Join(s.homes[stops], "regions", admin(bob).ID)); !os.IsNotExist(err) {
		t.Errorf("what it had of the region: %v", err)
	}
	must(t, s.homes[stops], "region", "serve", "Hearthside")
	r := s.await(t, "all four are back", s.homes[0], func(r *control.RegionServers) bool {
		for _, x := range r.Servers {
			if x.Lag > 40 || x.Role == "silent" || x.Role == "joining" {
				return false
			}
		}
		return votes(r) == 3 && r.Leader != ""
	})

	// Two voters die at once.
	var dead []int
	for i, p := range s.peers {
		if is := roleOf(&r, p); len(dead) < 2 && i != 0 && (is == "voter" || is == "leader") {
			dead = append(dead, i)
			s.ups[i].kill()
		}
	}
	s.await(t, "the region stands still", s.homes[0], func(r *control.RegionServers) bool { return r.Frozen })
	if x := cli(t, bob, "say", "anybody?"); x.code == 0 || !strings.Contains(x.err, "stands still") {
		t.Errorf("exit code %d: %s", x.code, x.err)
	}
	for end := time.Now().Add(70 * time.Second); time.Now().Before(end); { // longer than a voter is away before it is replaced
		s.await(t, "the region still stands still", s.homes[0], func(r *control.RegionServers) bool { return r.Frozen })
		if st := admin(s.homes[0]); len(st.Servers) != 3 {
			t.Fatalf("without most of its servers the region has others: %v", st.Servers)
		}
		<-time.After(time.Second)
	}
	s.ups[dead[0]] = start(t, nil, s.homes[dead[0]], s.args[dead[0]]...)
	eventually(t, 2*time.Minute, "the region goes on", func() error {
		if x := cli(t, bob, "say", "again"); x.code != 0 {
			return fmt.Errorf("%s", x.err)
		}
		return nil
	})
	s.ups[dead[1]] = start(t, nil, s.homes[dead[1]], s.args[dead[1]]...)
	s.await(t, "all four are there", s.homes[0], func(r *control.RegionServers) bool {
		for _, x := range r.Servers {
			if x.Lag > 40 || x.Role == "silent" || x.Role == "joining" {
				return false
			}
		}
		return votes(r) == 3 && r.Leader != ""
	})
	s.agree(t, 0, 1, 2, 3)
	if st := admin(bob); st.Temp != people["charlie"] {
		t.Errorf("in the end the temporary admin is %s, not Charlie", st.Temp)
	}
}
