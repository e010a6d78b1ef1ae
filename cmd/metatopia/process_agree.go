package main

import (
	"context"
	"fmt"
	"io"

	"github.com/metatopia/metatopia/node/control"
)

type processCmd struct {
	Accept processAcceptCmd `cmd:"" help:"Let a peer run processes on my node."`
	Refuse processRefuseCmd `cmd:"" help:"Let a peer run nothing more, and end what it runs."`
	Agreed processAgreedCmd `cmd:"" help:"Who may run processes on my node."`
}

type processAcceptCmd struct {
	Peer      string `arg:"" help:"Peer id of who may."`
	Processes int    `help:"How many at a time." default:"64"`
	Memory    string `help:"Memory of all together, as 64M or 1G." default:"256M" placeholder:"SIZE"`
	Gas       uint64 `help:"Instructions of all together from now on; 0 sets no bound." default:"0"`
}

func (processAcceptCmd) Help() string {
	return `Lets a peer start processes here (spawn --on, or a guest of its). They share the
bounds given, run when mine do not need the processor, and reach neither my
avatar nor my lumps: only each other and what they are given capabilities to.
Said again it changes the bounds, at once, and counts gas anew.

Example:
  metatopia process accept 12D3KooW...
  metatopia process accept 12D3KooW... --processes 10 --memory 64M --gas 100000000000`
}

func (c processAcceptCmd) Run(ctx context.Context, e *environment) error {
	memory, err := parseSize(c.Memory)
	if err != nil || memory == 0 {
		return usagef("write it like 64M or 1G", "process accept: --memory %q is not a size", c.Memory)
	}
	a, err := e.node().ProcessAccept(ctx, &control.ProcessAcceptRequest{Peer: c.Peer, Processes: c.Processes, Memory: uint64(memory), Gas: c.Gas})
	if err != nil {
		return err
	}
	return showProcessAgreements(e, a, *a)
}

type processRefuseCmd struct {
	Peer string `arg:"" help:"Peer id."`
}

func (processRefuseCmd) Help() string {
	return `Lets a peer start nothing more here, and ends all that it has started.

Example:
  metatopia process refuse 12D3KooW...`
}

func (c processRefuseCmd) Run(ctx context.Context, e *environment) error {
	a, err := e.node().ProcessRefuse(ctx, &control.ProcessAcceptRequest{Peer: c.Peer})
	if err != nil {
		return err
	}
	return showProcessAgreements(e, a, *a)
}

type processAgreedCmd struct {
	Peer string `arg:"" optional:"" help:"Only this peer."`
}

func (processAgreedCmd) Help() string {
	return `Who may run processes on this node, within which bounds, and what they use of
them.

Example:
  metatopia process agreed
  metatopia process agreed --json`
}

func (c processAgreedCmd) Run(ctx context.Context, e *environment) error {
	res, err := e.node().ProcessAgreed(ctx, &control.ProcessAgreedRequest{Peer: c.Peer})
	if err != nil {
		return err
	}
	return showProcessAgreements(e, res, res.Agreements...)
}

func showProcessAgreements(e *environment, whole any, all ...control.ProcessAgreement) error {
	return e.show(whole, func(w io.Writer) {
		fmt.Fprintln(w, "PEER\tMAY\tALIVE\tPROCESSES\tUSED\tMEMORY\tGAS LEFT\tSINCE")
		for _, a := range all {
			left := "no bound"
			if a.Gas != 0 {
				left = fmt.Sprint(a.GasLeft)
			}
			fmt.Fprintf(w, "%s\t%s\t%d\t%d\t%d\t%d\t%s\t%s\n", a.Peer, yes(a.Agreed), a.Alive, a.Processes, a.Used, a.Memory, left, a.Since)
		}
	})
}
