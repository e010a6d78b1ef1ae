package raynet

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/raynet/wire"
	"github.com/metatopia/metatopia/spatial"
)

const vectorFile = "../docs/protocol/raynet-vectors.txt"

// The vectors that the protocol page offers to other implementations are what
// this one does.
func TestVectors(t *testing.T) {
	got := vectors()
	if *rewrite {
		if err := os.WriteFile(vectorFile, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (-rewrite writes it anew); now it is\n%s", vectorFile, got)
	}
}

func vectors() string {
	var b strings.Builder
	alice, bob := newSigner(1), newSigner(2)
	world := base.ID{0: 0xa0, 15: 0x0a}
	fmt.Fprintf(&b, `# Test vectors for docs/protocol/raynet.md, written by raynet/vectors_test.go.
# Keys are Ed25519 keys whose seed is 31 zero bytes and the byte 01 (alice) or
# 02 (bob). Positions are in units of 1/1024 m.

world %x
alice %x
bob %x
`, world[:], alice.key[:], bob.key[:])

	const ref = "bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy"
	id := base.DeriveID("world", []byte(ref))
	fmt.Fprintf(&b, "\n# 2.1: the world id of a WorldID\nworldid %s -> %x\n", ref, id[:])

	digest := wire.DigestOf([]byte("bob's address"))
	r := wire.Record{Kind: wire.Avatar, Jumps: 5, Key: bob.key, Stamp: wire.Stamp{Epoch: 1700000000, Seq: 42}, UnixMs: 1700000123456,
		Pos: spatial.At(12.5, -3, 1000), Vel: wire.Velocity{X: 140, Y: -7}, AOI: 40, Load: 3, Addr: digest}
	fmt.Fprintf(&b, "\n# 2.1, 10: bob's record\nsigned-bytes %x\n", r.SigningBytes(world))
	r.Sig = bob.sign(r.SigningBytes(world))
	fmt.Fprintf(&b, "record %x\naddress-digest %x\n", r.AppendTo(nil), digest[:])

	route := &wire.Route{ID: 7, Origin: alice.key, Target: spatial.At(1, 2, 3), Best: 1 << 40, TTL: 63, Payload: []byte("hello")}
	route.Sig = alice.sign(route.SigningBytes(world))
	fmt.Fprintf(&b, "\n# 6.6: alice's route\nsigned-bytes %x\n", route.SigningBytes(world))

	farewell := r
	farewell.Leaving, farewell.Stamp.Seq = true, 43
	farewell.Sig = bob.sign(farewell.SigningBytes(world))
	bobs := wire.Entry{Record: &r, Age: 12, Addr: []byte("bob's address")}
	hints := []wire.Hint{{ID: wire.ShortOf(alice.key), Stamp: wire.Stamp{Epoch: 1, Seq: 2}, Pos: spatial.At(1, -2, 3), Kind: wire.Site, AgeS: 9}}
	fmt.Fprint(&b, "\n# 10: messages\n")
	for _, m := range []wire.Message{
		&wire.Shuffle{Entries: []wire.Entry{bobs}},
		&wire.Shuffle{Reply: true, Entries: []wire.Entry{{Record: &r, Age: 300}}},
		&wire.NearOffer{Self: bobs, Hints: hints},
		&wire.NearOffer{Reply: true, Self: wire.Entry{Record: &r}},
		&wire.NearWant{IDs: []wire.ShortID{wire.ShortOf(alice.key)}},
		&wire.NearGive{Entries: []wire.Entry{bobs}},
		&wire.NearSub{Have: r.Stamp},
		&wire.NearUnsub{},
		&wire.Busy{Hints: hints},
		&wire.Move{Stamp: wire.Stamp{Epoch: 1700000000, Seq: 3}, Pos: spatial.At(12.5, -3, 1000), Vel: wire.Velocity{X: 140, Y: -7}},
		&wire.Ping{Nonce: 8},
		&wire.Pong{Nonce: 8},
		&wire.PingReq{Nonce: 9, Target: alice.key},
		&wire.PingAck{Nonce: 9, Target: alice.key},
		&wire.Find{Query: 1, Target: spatial.At(1, 2, 3), N: 4},
		&wire.Closer{Query: 1, Entries: []wire.Entry{bobs}},
		route,
		&wire.RouteAck{ID: 7, Origin: alice.key},
		&wire.Closure{Query: 2, Self: bobs, Winners: []wire.ShortID{wire.ShortOf(alice.key)}},
		&wire.ClosureRep{Query: 2},
		&wire.Leave{Record: farewell},
		&wire.Notice{Hints: hints},
	} {
		fmt.Fprintf(&b, "%v %x\n", m.Type(), wire.Append(nil, m))
	}
	refused(&b)

	fmt.Fprint(&b, "\n# 1.1: points\n")
	for _, s := range []signer{alice, bob} {
		p := point(&s.key, spatial.At(50, 50, 50))
		fmt.Fprintf(&b, "point %x 51200,51200,51200 -> %d,%d,%d\n", s.key[8:14], p.X, p.Y, p.Z)
	}

	judgements(&b)

	fmt.Fprintf(&b, `
# 4.1, 4.2: the cell of the point 50,50,50 m in the box 0 to 100 m (these are
# points, and the box is not widened): which of
# 24 candidates own a face, with the contribution (relative to the largest) and
# the number of faces that each backs up.
`)
	rng := base.NewRand(7, 7)
	cands := randomPoints(rng, 24, testBox)
	scores := make([]Score, len(cands))
	Exact{}.Select(&Scratch{}, scores, spatial.At(50, 50, 50), testBox, cands, rng)
	most := 0.0
	for _, s := range scores {
		most = max(most, s.Contribution)
	}
	for i, c := range cands {
		s := scores[i]
		fmt.Fprintf(&b, "candidate %d,%d,%d wins %t contributes %.4f backs %d\n", c.X, c.Y, c.Z, s.Rays > 0, s.Contribution/most, s.Backup)
	}
	return b.String()
}

// refused are messages of which nothing counts.
func refused(b *strings.Builder) {
	far := spatial.Pos{X: spatial.MaxCoord + 1}
	hint := wire.Hint{Kind: 3}
	fmt.Fprint(b, "\n# 10: messages to refuse\n")
	for _, c := range []struct {
		why string
		b   []byte
	}{
		{"version", []byte{2, 11, 0, 0, 0, 0}},
		{"type", []byte{1, 22}},
		{"short", []byte{1, 11, 0, 0, 0}},
		{"trailing", []byte{1, 11, 0, 0, 0, 0, 0}},
		{"count", append([]byte{1, 4, 9}, make([]byte, 72)...)},
		{"position", wire.Append(nil, &wire.Move{Pos: far})},
		{"target", wire.Append(nil, &wire.Find{Target: far, N: 1})},
		{"entries-wanted", wire.Append(nil, &wire.Find{N: 5})},
		{"ttl", wire.Append(nil, &wire.Route{TTL: 65})},
		{"hint-kind", wire.Append(nil, &wire.Notice{Hints: []wire.Hint{hint}})},
		{"leave-without-flag", wire.Append(nil, &wire.Leave{Record: wire.Record{Kind: wire.Avatar}})},
	} {
		if _, err := wire.Parse(c.b); err == nil {
			panic("vectors: parsed " + c.why)
		}
		fmt.Fprintf(b, "refuse %s %x\n", c.why, c.b)
	}
}

// judgements are small cases of the rules that two nodes must compute alike.
func judgements(b *strings.Builder) {
	fmt.Fprint(b, "\n# 1.3: position, velocity (cm/s), age (ms) -> place\n")
	p := spatial.Pos{X: 1000, Y: -2000, Z: 30}
	for _, v := range []wire.Velocity{{X: 140, Y: -7}, {X: 1, Y: -1, Z: 32767}} {
		for _, ms := range []int64{100, 1250, 9000} {
			at := reckon(p, v.Vec(), ms*millisecond)
			fmt.Fprintf(b, "reckon %d,%d,%d %d,%d,%d %d -> %d,%d,%d\n", p.X, p.Y, p.Z, v.X, v.Y, v.Z, ms, at.X, at.Y, at.Z)
		}
	}

	fmt.Fprint(b, "\n# 3.10: ways (units) and times (ms)\n")
	n := &Node{cfg: &Config{MaxSpeed: DefaultConfig().MaxSpeed}}
	for _, c := range [][2]int64{{16384, 0}, {16385, 0}, {425984, 1000}, {425985, 1000}, {16385, -500}} {
		fmt.Fprintf(b, "leap %d %d %t\n", c[0], c[1], n.leaps(spatial.Pos{}, spatial.Pos{X: c[0]}, c[1]*millisecond))
	}

	fmt.Fprint(b, "\n# 4.8: is the second offset hidden by a member at the first\n")
	for _, q := range []pvec{{20, 0, 0}, {20, 9, 0}, {20, 11, 0}, {9, 0, 0}, {30, 0, 19}, {30, 0, 21}} {
		m := pvec{10, 0, 0}
		fmt.Fprintf(b, "hides %v,%v,%v %v,%v,%v %t\n", m.x, m.y, m.z, q.x, q.y, q.z, hidden(q, []pvec{m}))
	}
}
