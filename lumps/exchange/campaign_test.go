package exchange_test

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"runtime/metrics"
	"strings"
	"syscall"
	"testing"
	"time"

	bsmsg "github.com/ipfs/boxo/bitswap/message"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/exchange"
	"github.com/metatopia/metatopia/lumps/lumpstest"
)

var hostile = flag.Bool("hostile", false, "measure fetches beside attackers (TestHostileCampaign)")

// attackerEnv, when set, makes TestAttackerProcess attack: "KIND ADDR".
const attackerEnv = "EXCHANGE_ATTACKER"

const campaignAttackers = 4

// The attacks of the campaign: what each of four peers in another process does
// to the victim until that process ends.
var attacks = map[string]func(t *testing.T, victim peer.AddrInfo){
	"claim and send nothing": answerers(claims, func(network.Stream) error { return nil }),
	"send other bytes":       answerers(lies, answering(frame(1, lumpstest.Bytes(66, lumps.ChunkSize)))),
	"say no":                 answerers(denies, answering(frame(3, nil))),
	"flood wants":            flooders(func(i int) bsmsg.BitSwapMessage { return manyWants(40_000, i) }),
	"flood small wants":      flooders(func(i int) bsmsg.BitSwapMessage { return manyWants(1000, i) }),
	"push lumps":             flooders(func(i int) bsmsg.BitSwapMessage { return unasked(1000, i) }),
}

// answerers answer, by bitswap and on streams.
func answerers(reply func([]bsmsg.Entry) bsmsg.BitSwapMessage, stream func(network.Stream) error) func(*testing.T, peer.AddrInfo) {
	return func(t *testing.T, victim peer.AddrInfo) {
		for range campaignAttackers {
			a := newAttacker(t, reply)
			a.host.SetStreamHandler(protocolID(streamID), newVillainHandler(stream))
			if err := a.host.Connect(t.Context(), victim); err != nil {
				t.Error(err)
			}
		}
	}
}

func newVillainHandler(answer func(network.Stream) error) network.StreamHandler {
	return func(st network.Stream) {
		defer st.Reset()
		var want [wantLen]byte
		for {
			if _, err := io.ReadFull(st, want[:]); err != nil {
				return
			}
			var err error
			if want[0] == 2 {
				_, err = st.Write(frame(2, nil))
			} else {
				err = answer(st)
			}
			if err != nil {
				return
			}
		}
	}
}

// flooders send without end, each under a new key when it is cut off.
func flooders(make func(i int) bsmsg.BitSwapMessage) func(*testing.T, peer.AddrInfo) {
	return func(t *testing.T, victim peer.AddrInfo) {
		for g := range campaignAttackers {
			go func() {
				for i := g << 20; t.Context().Err() == nil; {
					a := newAttacker(t, nil)
					if a.host.Connect(t.Context(), victim) != nil {
						return
					}
					for failed := 0; failed < 3; i++ {
						if a.net.SendMessage(t.Context(), victim.ID, make(i)) != nil {
							failed++
						}
						if a.host.Network().Connectedness(victim.ID) != network.Connected {
							break
						}
					}
					a.host.Close()
				}
			}()
		}
	}
}

// TestAttackerProcess is the other process of TestHostileCampaign.
func TestAttackerProcess(t *testing.T) {
	kind, addr, ok := strings.Cut(os.Getenv(attackerEnv), "|")
	if !ok {
		t.Skip("part of TestHostileCampaign")
	}
	ma, err := multiaddr.NewMultiaddr(addr)
	if err != nil {
		t.Fatal(err)
	}
	victim, err := peer.AddrInfoFromP2pAddr(ma)
	if err != nil {
		t.Fatal(err)
	}
	attacks[kind](t, *victim)
	fmt.Println("attacking")
	_, _ = io.Copy(io.Discard, os.Stdin) // ends with the parent
}

// TestHostileCampaign measures a fetch of 64 MiB and of 300 kB beside four
// attackers of each kind, against one without: time, processor time of the
// process with the victim and the honest peer, and memory.
func TestHostileCampaign(t *testing.T) {
	if !*hostile {
		t.Skip("measures: go test ./lumps/exchange -run HostileCampaign -hostile -v; make soak does")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	contents := [][]byte{lumpstest.Bytes(64, 64<<20), lumpstest.Bytes(65, 300_000)}
	one := func(t *testing.T, kind string) (took [2]time.Duration, cpu time.Duration, peak uint64, judged map[string]uint64) {
		// A host that is cut off when it is shunned, as the node does it.
		vh := newHost(t)
		victim := newNode(t, vh, withStore(diskStore(t, t.TempDir())), func(c *exchange.Config) {
			c.OnJudged = func(p peer.ID, f exchange.Fault, shunned bool) {
				if shunned && f.Hostile() {
					go vh.Network().ClosePeer(p)
				}
			}
		})
		honest := newNode(t, newHost(t))
		var refs []lumps.Ref
		for _, c := range contents {
			refs = append(refs, add(t, honest, c, false).Ref)
		}
		if kind != "" {
			cmd := exec.CommandContext(t.Context(), self, "-test.run=^TestAttackerProcess$")
			cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%s|%s/p2p/%s", attackerEnv, kind, vh.Addrs()[0], vh.ID()))
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { in.Close(); _ = cmd.Process.Kill(); _ = cmd.Wait() }()
			line := make([]byte, len("attacking"))
			if _, err := io.ReadFull(out, line); err != nil || !bytes.Equal(line, []byte("attacking")) {
				t.Fatalf("the attackers say %q, %v", line, err)
			}
		}
		connect(t, vh, honest.host)
		runtime.GC()
		base, before := heapNow(), cpuNow()
		stop, done := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(done)
			tick := time.NewTicker(10 * time.Millisecond)
			defer tick.Stop()
			for {
				peak = max(peak, heapNow()-min(base, heapNow()))
				select {
				case <-tick.C:
				case <-stop:
					return
				}
			}
		}()
		for i, ref := range refs {
			began := time.Now()
			r, _, err := victim.Open(t.Context(), ref)
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.New()
			if _, err := io.Copy(sum, r); err != nil || [32]byte(sum.Sum(nil)) != sha256.Sum256(contents[i]) {
				t.Errorf("read with %v", err)
			}
			r.Close()
			took[i] = time.Since(began)
		}
		cpu = cpuNow() - before
		close(stop)
		<-done
		return took, cpu, peak, victim.Judged()
	}
	const line = "64 MiB %.2f s, 300 kB %.3f s, cpu %.2f s, heap %d MiB, %v"
	var took [2]time.Duration
	var peak uint64
	for _, kind := range []string{"", "claim and send nothing", "send other bytes", "say no", "flood wants", "flood small wants", "push lumps"} {
		t.Run(cmp.Or(kind, "nobody"), func(t *testing.T) {
			with, cpu, p, judged := one(t, kind)
			maps.DeleteFunc(judged, func(_ string, n uint64) bool { return n == 0 })
			t.Logf(line, with[0].Seconds(), with[1].Seconds(), cpu.Seconds(), p>>20, judged)
			if kind == "" {
				took, peak = with, p
			}
			for i := range with {
				if with[i] > 4*took[i]+5*time.Second {
					t.Errorf("%v, without attackers %v", with[i], took[i])
				}
			}
			if p > peak+128<<20 {
				t.Errorf("%d MiB of heap, without attackers %d", p>>20, peak>>20)
			}
		})
	}
}

func heapNow() uint64 {
	m := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(m)
	return m[0].Value.Uint64()
}

func cpuNow() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
