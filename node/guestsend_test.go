package node

import (
	"context"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/scripting/guesttest"
)

// A guest sends a lump to another node: when it was let, and the other agreed.
func TestGuestSendsALump(t *testing.T) {
	ada, bob := adaAndBob(t)
	toBob := p2p.PeerID(bob.key)
	l := addRandom(t, ada, 3<<20)
	run := func(cid string, sendTo ...string) (exit, last string) {
		t.Helper()
		sp := must(ada.Backend().Spawn(t.Context(), &control.SpawnRequest{
			Wasm: guesttest.Courier(), Args: []string{cid, toBob}, SendTo: sendTo,
		}))(t)
		if len(sp.Process.SendTo) != len(sendTo) {
			t.Errorf("the list says %q", sp.Process.SendTo)
		}
		info, err := ada.procs.Wait(t.Context(), sp.Process.PID)
		if err != nil {
			t.Fatal(err)
		}
		err = ada.Backend().Tail(context.Background(), &control.TailRequest{PID: sp.Process.PID}, func(l *control.LogLine) error {
			last = l.Text
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return info.Exit, last
	}
	if exit, _ := run(l.CID); exit != "exit 6" {
		t.Errorf("without a grant: %s", exit)
	}
	if exit, _ := run(l.CID, p2p.PeerID(ada.key)); exit != "exit 6" {
		t.Errorf("with a grant for another: %s", exit)
	}
	if bob.transfers.Ledger().List(t.Context()) != nil && bob.store.Bytes() != 0 {
		t.Error("something came")
	}
	if exit, last := run(l.CID, toBob); exit != "exit 0" || last != "sent\t1\t-6\t" {
		t.Errorf("not agreed: %s, %q", exit, last)
	}
	accept := &control.LumpAcceptRequest{Peer: p2p.PeerID(ada.key), Quota: 4 << 20}
	must(bob.Backend().LumpAccept(t.Context(), accept))(t)
	exit, last := run(l.CID, toBob)
	receipt, ok := strings.CutPrefix(last, "sent\t1\t0\t")
	if exit != "exit 0" || !ok {
		t.Fatalf("%s, %q", exit, last)
	}
	r := must(ada.Backend().LumpReceipt(t.Context(), &control.LumpReceiptRequest{Bytes: receipt}))(t)
	if r.CID != l.CID || r.Receiver != toBob || r.Size != l.Size {
		t.Errorf("%+v", r)
	}
	a := must(bob.Backend().LumpAgreed(t.Context(), &control.LumpAgreedRequest{Peer: accept.Peer}))(t).Agreements[0]
	if a.Count != 1 || a.Contents[0].Note != "hi" {
		t.Errorf("%+v", a)
	}
	if exit, last := run(addRandom(t, ada, 2<<20).CID, "any"); exit != "exit 0" || last != "sent\t1\t-7\t" {
		t.Errorf("over quota: %s, %q", exit, last)
	}
	if exit, last := run(addRandom(t, ada, 5<<20).CID, "any"); exit != "exit 0" || last != "sent\t1\t-2\t" {
		t.Errorf("larger than the quota: %s, %q", exit, last)
	}
	if exit, last := run("bafkreigh2akiscaildcqabsyg3dfr6chu3fgpregiymsck7e7aqa4s52zy", "any"); exit != "exit 0" || last != "sent\t1\t-3\t" {
		t.Errorf("not here: %s, %q", exit, last)
	}
	_, err := ada.Backend().Spawn(t.Context(), &control.SpawnRequest{Wasm: guesttest.Courier(), SendTo: []string{"nobody"}})
	if control.CodeOf(err) != control.Invalid {
		t.Errorf("a grant for no peer: %v", err)
	}
}
