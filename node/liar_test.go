package node

import (
	"encoding/binary"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/hyperledger-labs/SmartBFT/smartbftprotos"
	"google.golang.org/protobuf/proto"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/byzantine"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/member"
	"github.com/metatopia/metatopia/region/agree"
	"github.com/metatopia/metatopia/region/order"
	"github.com/metatopia/metatopia/region/succession"
)

// TestAServerLiesAmongFour: of four servers on nodes of their own, connected by
// libp2p, one proposes records that it is not to propose, with an entry that
// nobody signed, sends bytes that are nothing, and signs that the region is in
// two states at one tick. The others go on, are in the same state, and know
// whose second vote it was.
func TestAServerLiesAmongFour(t *testing.T) {
	if os.Getenv("METATOPIA_SOAK") == "" {
		t.Skip("ten seconds with four real nodes: METATOPIA_SOAK=1 go test ./node -run TestAServerLiesAmongFour")
	}
	a := startNode(t, Config{Name: "Ada", Servers: member.Times{Near: time.Second, Dead: member.Usual.Dead}})
	found(t, a)
	must(a.Backend().RegionSeed(t.Context(), &control.SeedRequest{Name: "Plaza", Furnish: "commons"}))(t)
	link := must(a.Backend().WorldInfo(t.Context()))(t).Link
	nodes := []*Node{a}
	for _, name := range []string{"Bob", "Cem", "Dan"} {
		n := startNode(t, Config{Name: name, Join: link})
		nodes = append(nodes, n)
		waitFor(t, "the region to be known", func() bool { return n.current() != nil && len(n.current().records()) == 1 })
		must(n.Backend().RegionServers(t.Context(), &control.RegionServersRequest{Do: control.ServersServe, Region: "Plaza"}))(t)
		must(a.Backend().RegionServers(t.Context(), &control.RegionServersRequest{Do: control.ServersAdd, Peer: must(n.Backend().Status(t.Context()))(t).PeerID}))(t)
	}
	eventually(t, "four servers that may lie", func() error {
		_, err := a.Backend().RegionServers(t.Context(), &control.RegionServersRequest{Do: control.ServersTrust, Region: "Plaza", Trust: control.TrustByzantine})
		return err
	})
	served := func(n *Node) (*servedRegion, error) {
		list := n.current().servedList()
		if len(list) != 1 || list[0].group == nil || !list[0].group.fixed {
			return nil, fmt.Errorf("not served with servers that may lie")
		}
		_, err := certifiedAfter(n, 0)
		return list[0], err
	}
	for _, n := range nodes {
		eventually(t, "every server to vote", func() error { _, err := served(n); return err })
	}
	dan := nodes[3]
	liar, err := served(dan)
	if err != nil {
		t.Fatal(err)
	}
	refused := func() (sum uint64) {
		for _, n := range nodes[:3] {
			sum += n.count.snapshot()[byzantine.EventRefused]
		}
		return sum
	}
	before := refused()
	for _, n := range nodes[:3] {
		forge(t, dan, n.key, liar)
	}
	eventually(t, "what is no message to be refused", func() error {
		if refused() == before {
			return fmt.Errorf("%d messages refused", before)
		}
		return nil
	})

	// Bob is told another vote than the others.
	lie := func() {
		watch := liar.watching.witness()
		if watch == nil {
			return
		}
		if last, ok := watch.Last(); ok {
			v := last.Vote
			v.State[0]++
			s := agree.SignedVote{Vote: v, Signed: succession.Signed{Server: dan.key, Sig: succession.Signature(dan.sign(v.SigningBytes()))}}
			e := base.Encoder{B: []byte{1}}
			s.AppendTo(&e)
			liar.watching.Send(nodes[1].key, e.B)
		}
	}
	peer := must(dan.Backend().Status(t.Context()))(t).PeerID
	for _, n := range nodes[:3] {
		eventually(t, "the liar to be known", func() error {
			lie()
			r := serversOf(t, n)
			if len(r.Convicted) != 1 || r.Convicted[0].PeerID != peer || r.Convicted[0].Why != agree.TwoVotes.String() || r.Frozen || len(r.Servers) != 4 {
				return fmt.Errorf("%+v", r)
			}
			return nil
		})
	}
	tick := liar.srv.Status().Tick
	for _, n := range nodes[:3] {
		eventually(t, "people to be heard", func() error {
			_, err := n.Backend().Say(t.Context(), &control.SayRequest{Text: "we go on"})
			return err
		})
		eventually(t, "the others to agree on a later state", func() error { _, err := certifiedAfter(n, tick); return err })
	}
}

// forge sends a server what no honest one sends: records that it may not propose
// here, for the decisions to come and in the views that the liar leads and does
// not lead, and bytes that are nothing.
func forge(t *testing.T, liar *Node, to base.Key, s *servedRegion) {
	t.Helper()
	st, err := liar.net.Open(t.Context(), to, byzantine.Protocol(s.id))
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	send := func(kind uint8, body []byte) {
		e := base.Encoder{}
		e.U8(1)
		e.U64(s.group.epoch)
		e.U8(kind)
		e.Raw(body)
		if _, err := st.Write(append(binary.LittleEndian.AppendUint32(nil, uint32(len(e.B))), e.B...)); err != nil {
			t.Log("the stream has ended:", err) // it may: enough was refused
		}
	}
	tick := s.srv.Status().Tick
	for view := range uint64(4) {
		for ahead := range base.Tick(4) {
			r := order.Record{Epoch: s.group.epoch, Tick: tick + ahead, Entries: [][]byte{[]byte("nobody signed this")}, Runs: []order.Run{{Server: 1, First: 1, Count: 1}}}
			md, err := proto.Marshal(&smartbftprotos.ViewMetadata{ViewId: view, LatestSequence: uint64(ahead) + 1})
			if err != nil {
				t.Fatal(err)
			}
			b, err := proto.Marshal(&smartbftprotos.Message{Content: &smartbftprotos.Message_PrePrepare{PrePrepare: &smartbftprotos.PrePrepare{
				View: view, Seq: uint64(ahead) + 1, Proposal: &smartbftprotos.Proposal{Payload: r.AppendTo(nil), Metadata: md},
			}}})
			if err != nil {
				t.Fatal(err)
			}
			send(1, b)
		}
	}
	for kind := range uint8(6) {
		send(kind, []byte("nothing at all"))
	}
}
