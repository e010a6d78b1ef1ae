package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/metatopia/metatopia/node/control"
)

type lumpSendCmd struct {
	CID  string `arg:"" name:"cid" help:"CID of the content; it must be here."`
	Peer string `arg:"" help:"Peer id of the receiver."`
	Note string `help:"Words for the receiver, at most 200 bytes." placeholder:"TEXT"`
}

func (lumpSendCmd) Help() string {
	return `Pushes content to a peer whose owner agreed to take it (lump accept), and prints
the receipt: the peer's signature that it has all of it on disk and keeps it.
Sent again after an interruption it goes on where it was. --json gives the
receipt whole; lump receipt checks one.

Example:
  metatopia lump send bafybei... 12D3KooW... --note "the photos"
  metatopia lump send bafybei... 12D3KooW... --json > receipt.json`
}

func (c lumpSendCmd) Run(ctx context.Context, e *environment) error {
	var p *progress
	var last control.LumpSent
	err := e.node().LumpSend(ctx, &control.LumpSendRequest{CID: c.CID, Peer: c.Peer, Note: c.Note}, func(s *control.LumpSent) error {
		if p == nil {
			p = newProgress(e, "sending", s.Total)
		}
		p.add(s.Done - last.Done)
		last = *s
		return nil
	})
	if p != nil {
		p.done()
	}
	if err != nil {
		return err
	}
	if last.Receipt == nil {
		return fmt.Errorf("lump send: the node stopped before the end; %d of %d bytes are there", last.Done, last.Total)
	}
	return showReceipt(e, last.Receipt)
}

func showReceipt(e *environment, r *control.Receipt) error {
	return e.show(r, func(w io.Writer) {
		fmt.Fprintf(w, "cid\t%s\nbytes\t%d\nsender\t%s\nreceiver\t%s\ntime\t%s\nreceipt\t%s\n",
			r.CID, r.Size, r.Sender, r.Receiver, r.Time, r.Bytes)
	})
}

type lumpReceiptCmd struct {
	Receipt string `arg:"" help:"The receipt in hexadecimal, or - for standard input."`
}

func (lumpReceiptCmd) Help() string {
	return `Checks the signature of a receipt and prints what it says. A receipt is the word
of its receiver at that time, no proof that the content is still there.

Example:
  metatopia lump receipt 0155122058...
  jq -r .receipt receipt.json | metatopia lump receipt -`
}

// maxReceipt bounds what is read from standard input.
const maxReceipt = 4096

func (c lumpReceiptCmd) Run(ctx context.Context, e *environment) error {
	if c.Receipt == "-" {
		b, err := io.ReadAll(io.LimitReader(e.In, maxReceipt))
		if err != nil {
			return fmt.Errorf("lump receipt: %w", err)
		}
		c.Receipt = string(b)
	}
	r, err := e.node().LumpReceipt(ctx, &control.LumpReceiptRequest{Bytes: strings.TrimSpace(c.Receipt)})
	if err != nil {
		return err
	}
	return showReceipt(e, r)
}

type lumpAcceptCmd struct {
	Peer  string `arg:"" help:"Peer id of the sender."`
	Quota string `help:"How much of what it sends may be here at a time, as 500M or 20G." default:"1G" placeholder:"SIZE"`
}

func (lumpAcceptCmd) Help() string {
	return `Lets a peer send content to this node (lump send). What it sends is pinned and
counts against its quota until you unpin it. Nothing is taken from anybody else.
Said again it changes the quota, at once.

Example:
  metatopia lump accept 12D3KooW...
  metatopia lump accept 12D3KooW... --quota 20G`
}

func (c lumpAcceptCmd) Run(ctx context.Context, e *environment) error {
	quota, err := parseSize(c.Quota)
	if err != nil || quota == 0 {
		return usagef("write it like 500M or 20G", "lump accept: --quota %q is not a size", c.Quota)
	}
	a, err := e.node().LumpAccept(ctx, &control.LumpAcceptRequest{Peer: c.Peer, Quota: quota})
	if err != nil {
		return err
	}
	return showAgreements(e, a, *a)
}

type lumpRefuseCmd struct {
	Peer string `arg:"" help:"Peer id of the sender."`
}

func (lumpRefuseCmd) Help() string {
	return `Takes nothing more from a peer, also of what is coming now. What it has sent
stays until you unpin it: lump agreed PEER lists it.

Example:
  metatopia lump refuse 12D3KooW...`
}

func (c lumpRefuseCmd) Run(ctx context.Context, e *environment) error {
	a, err := e.node().LumpRefuse(ctx, &control.LumpAcceptRequest{Peer: c.Peer})
	if err != nil {
		return err
	}
	return showAgreements(e, a, *a)
}

type lumpAgreedCmd struct {
	Peer string `arg:"" optional:"" help:"Only this peer, with what it has sent."`
}

func (lumpAgreedCmd) Help() string {
	return `Who may send content to this node, how much, and how much of that is in use.

Example:
  metatopia lump agreed
  metatopia lump agreed 12D3KooW...`
}

func (c lumpAgreedCmd) Run(ctx context.Context, e *environment) error {
	res, err := e.node().LumpAgreed(ctx, &control.LumpAgreedRequest{Peer: c.Peer})
	if err != nil {
		return err
	}
	if c.Peer == "" || e.JSON {
		return showAgreements(e, res, res.Agreements...)
	}
	if err := showAgreements(e, res, res.Agreements...); err != nil {
		return err
	}
	return e.show(res, func(w io.Writer) {
		fmt.Fprintln(w, "CID\tBYTES\tTIME\tNOTE")
		for _, a := range res.Agreements {
			for _, l := range a.Contents {
				fmt.Fprintf(w, "%s\t%d\t%s\t%s\n", l.CID, l.Size, l.Time, oneLine(l.Note))
			}
		}
	})
}

func showAgreements(e *environment, whole any, all ...control.Agreement) error {
	return e.show(whole, func(w io.Writer) {
		fmt.Fprintln(w, "PEER\tTAKEN\tQUOTA\tUSED\tCOMING\tCONTENTS\tSINCE")
		for _, a := range all {
			fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%d\t%s\n", a.Peer, yes(a.Agreed), a.Quota, a.Used, a.Coming, a.Count, a.Since)
		}
	})
}
