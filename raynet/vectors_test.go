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

	digest := wire.DigestOf([]byte("bob's address"))
	r := wire.Record{Kind: wire.Avatar, Jumps: 5, Key: bob.key, Stamp: wire.Stamp{Epoch: 1700000000, Seq: 42}, UnixMs: 1700000123456,
		Pos: spatial.At(12.5, -3, 1000), Vel: wire.Velocity{X: 140, Y: -7}, AOI: 40, Load: 3, Addr: digest}
	fmt.Fprintf(&b, "\n# 2.1, 10: bob's record\nsigned-bytes %x\n", r.SigningBytes(world))
	r.Sig = bob.sign(r.SigningBytes(world))
	fmt.Fprintf(&b, "record %x\naddress-digest %x\n", r.AppendTo(nil), digest[:])

	route := &wire.Route{ID: 7, Origin: alice.key, Target: spatial.At(1, 2, 3), Best: 1 << 40, TTL: 63, Payload: []byte("hello")}
	route.Sig = alice.sign(route.SigningBytes(world))
	fmt.Fprintf(&b, "\n# 6.6: alice's route\nsigned-bytes %x\n", route.SigningBytes(world))

	bobs := wire.Entry{Record: &r, Age: 12, Addr: []byte("bob's address")}
	hints := []wire.Hint{{ID: wire.ShortOf(alice.key), Stamp: wire.Stamp{Epoch: 1, Seq: 2}, Pos: spatial.At(1, -2, 3), Kind: wire.Site, AgeS: 9}}
	fmt.Fprint(&b, "\n# 10: messages\n")
	for _, m := range []wire.Message{
		&wire.NearOffer{Self: bobs, Hints: hints},
		&wire.NearWant{IDs: []wire.ShortID{wire.ShortOf(alice.key)}},
		&wire.NearSub{Have: r.Stamp},
		&wire.Move{Stamp: wire.Stamp{Epoch: 1700000000, Seq: 3}, Pos: spatial.At(12.5, -3, 1000), Vel: wire.Velocity{X: 140, Y: -7}},
		&wire.PingReq{Nonce: 9, Target: alice.key},
		&wire.Find{Query: 1, Target: spatial.At(1, 2, 3), N: 4},
		&wire.Closer{Query: 1, Entries: []wire.Entry{bobs}},
		route,
		&wire.Closure{Query: 2, Self: bobs, Winners: []wire.ShortID{wire.ShortOf(alice.key)}},
		&wire.Notice{Hints: hints},
	} {
		fmt.Fprintf(&b, "%v %x\n", m.Type(), wire.Append(nil, m))
	}

	fmt.Fprint(&b, "\n# 1.1: points\n")
	for _, s := range []signer{alice, bob} {
		p := point(&s.key, spatial.At(50, 50, 50))
		fmt.Fprintf(&b, "point %x 51200,51200,51200 -> %d,%d,%d\n", s.key[8:14], p.X, p.Y, p.Z)
	}

	fmt.Fprintf(&b, `
# 4.1, 4.2: the cell of the point 50,50,50 m in the box 0 to 100 m: which of
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
