package control_test

import (
	"context"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/control/controltest"
)

// everyTransfer is the part of everyMethod about contents sent to peers.
func everyTransfer(t *testing.T, c *control.Client, cid string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	var sent []control.LumpSent
	err := c.LumpSend(ctx, &control.LumpSendRequest{CID: cid, Peer: "peer", Note: "words"}, func(s *control.LumpSent) error {
		sent = append(sent, *s)
		return nil
	})
	if err != nil || len(sent) != 2 || sent[1].Receipt == nil || sent[1].Receipt.Receiver != "peer" {
		t.Errorf("LumpSend = %+v, %v", sent, err)
	}
	if r, err := c.LumpReceipt(ctx, &control.LumpReceiptRequest{Bytes: "abcd"}); err != nil || r.Bytes != "abcd" {
		t.Errorf("LumpReceipt = %+v, %v", r, err)
	}
	if _, err := c.LumpAgreed(ctx, &control.LumpAgreedRequest{}); err != nil {
		t.Errorf("LumpAgreed: %v", err)
	}
}

func TestAgreementsOverTheSocket(t *testing.T) {
	_, c, _ := serveUnix(t, control.Config{Backend: controltest.New()})
	if a, err := c.LumpAccept(t.Context(), &control.LumpAcceptRequest{Peer: "p", Quota: 7}); err != nil || a.Quota != 7 || !a.Agreed {
		t.Errorf("LumpAccept = %+v, %v", a, err)
	}
	if a, err := c.LumpRefuse(t.Context(), &control.LumpAcceptRequest{Peer: "p"}); err != nil || a.Agreed {
		t.Errorf("LumpRefuse = %+v, %v", a, err)
	}
}

func TestBadTransferRequests(t *testing.T) {
	_, c, _ := serveUnix(t, control.Config{Backend: controltest.New()})
	for _, bad := range []string{"", "xyz", "abc", strings.Repeat("ab", 1000)} {
		if _, err := c.LumpReceipt(t.Context(), &control.LumpReceiptRequest{Bytes: bad}); control.CodeOf(err) != control.Invalid {
			t.Errorf("receipt %.10q: %v", bad, err)
		}
	}
	for _, bad := range []control.LumpSendRequest{
		{Peer: "p"}, {CID: "c"}, {CID: "c", Peer: "p\n"}, {CID: "c", Peer: "p", Note: "a\x1b[2J"},
		{CID: "c", Peer: "p", Note: strings.Repeat("n", control.MaxNoteBytes+1)},
	} {
		err := c.LumpSend(t.Context(), &bad, func(*control.LumpSent) error { return nil })
		if control.CodeOf(err) != control.Invalid {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	for _, bad := range []control.LumpAcceptRequest{{}, {Peer: "p", Quota: -1}, {Peer: strings.Repeat("p", 1000)}} {
		if _, err := c.LumpAccept(t.Context(), &bad); control.CodeOf(err) != control.Invalid {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}
