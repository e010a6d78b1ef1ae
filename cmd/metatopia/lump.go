package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/metatopia/metatopia/node/control"
)

type lumpCmd struct {
	Add    lumpAddCmd    `cmd:"" help:"Store a file and print its CID."`
	Get    lumpGetCmd    `cmd:"" help:"Fetch content by its CID, from here or from whoever has it."`
	Ls     lumpLsCmd     `cmd:"" help:"What is stored here."`
	Stat   lumpStatCmd   `cmd:"" help:"Size and place of one lump."`
	Pin    lumpPinCmd    `cmd:"" help:"Keep a lump, or a region, or the world."`
	Unpin  lumpUnpinCmd  `cmd:"" help:"Let it go when space is needed."`
	Kept   lumpKeptCmd   `cmd:"" help:"Which regions are kept here."`
	Export lumpExportCmd `cmd:"" help:"Write content as a CAR archive, to carry by hand."`
	Import lumpImportCmd `cmd:"" help:"Read a CAR archive."`
	Gc     lumpGcCmd     `cmd:"" help:"Free space now."`
	Forget lumpForgetCmd `cmd:"" help:"Delete content here, now."`

	Mount   lumpMountCmd   `cmd:"" help:"Let my node read a directory."`
	Unmount lumpUnmountCmd `cmd:"" help:"End that."`
	Mounts  lumpMountsCmd  `cmd:"" help:"Directories that my node may read, and their files."`

	Send    lumpSendCmd    `cmd:"" help:"Push content to a peer that agreed, for a receipt."`
	Receipt lumpReceiptCmd `cmd:"" help:"Check a receipt."`
	Accept  lumpAcceptCmd  `cmd:"" help:"Let a peer send content here, up to a quota."`
	Refuse  lumpRefuseCmd  `cmd:"" help:"Let a peer send no more."`
	Agreed  lumpAgreedCmd  `cmd:"" help:"Who may send content here, and how much."`
}

type lumpAddCmd struct {
	Source string `arg:"" help:"File to store, an http or https address, or - for standard input."`
	Pin    bool   `help:"Keep it (the default); --no-pin leaves it to the cache." default:"true" negatable:""`
	Max    string `help:"Most that is taken from an address, as 500M or 20G." default:"1G" placeholder:"SIZE"`
}

func (lumpAddCmd) Help() string {
	return `Prints the CID alone. The node announces it, so that others can fetch it.

An address is fetched by this command, not by the node: at most five redirections,
no name or password in it, no cookies. What is fetched is what the server sends
today; the CID says nothing about where it came from.

Example:
  metatopia lump add photo.jpg
  metatopia lump add https://example.org/tree.glb
  tar c notes | metatopia lump add -`
}

func (c lumpAddCmd) Run(ctx context.Context, e *environment) error {
	var lump *control.Lump
	call := func(next func() ([]byte, error)) (err error) {
		lump, err = e.node().LumpAdd(ctx, c.Pin, next)
		return err
	}
	var err error
	if strings.Contains(c.Source, "://") {
		err = c.fetch(ctx, e, call)
	} else {
		err = upload(e, "lump add", "adding", c.Source, call)
	}
	if err != nil {
		return err
	}
	return e.show(lump, func(w io.Writer) { fmt.Fprintln(w, lump.CID) })
}

type lumpGetCmd struct {
	CID    string `arg:"" name:"cid" help:"CID of the lump."`
	Output string `short:"o" help:"File to write; it appears when it is whole. Standard output without it." placeholder:"FILE"`
}

func (lumpGetCmd) Help() string {
	return `Every byte is checked against the hash before it is written. A command that was
interrupted leaves FILE.part; the same command goes on from there, after it has
checked what is in it.

Example:
  metatopia lump get bafybei... -o photo.jpg`
}

func (c lumpGetCmd) Run(ctx context.Context, e *environment) error {
	if c.Output == "" || c.Output == "-" {
		_, err := download(e, "lump get", "fetching", "", func(send func(*control.LumpChunk) error) error {
			return e.node().LumpGet(ctx, &control.LumpRequest{CID: c.CID}, send)
		})
		return err
	}
	source, err := getFile(ctx, e, c.CID, c.Output)
	if err == nil {
		e.note("%s written, from %s", c.Output, source)
	}
	return err
}

type lumpLsCmd struct {
	Limit int `help:"Show at most so many; 0 shows all." default:"0"`
}

func (c lumpLsCmd) Run(ctx context.Context, e *environment) error {
	res, err := e.node().LumpList(ctx, &control.LumpRequest{Limit: c.Limit})
	if err != nil {
		return err
	}
	return e.show(res, func(w io.Writer) {
		fmt.Fprintln(w, "CID\tBYTES\tPINNED")
		for _, l := range res.Lumps {
			fmt.Fprintf(w, "%s\t%d\t%s\n", l.CID, l.Size, yes(l.Pinned))
		}
	})
}

type lumpStatCmd struct {
	CID       string `arg:"" name:"cid" help:"CID of the lump."`
	Providers bool   `help:"Ask the network who has it."`
}

func (lumpStatCmd) Help() string {
	return `With --providers the node asks the network who announces the lump, and then each
of them, and its neighbours, whether they have it. What they say is their word.

Example:
  metatopia lump stat bafybei... --providers`
}

func (c lumpStatCmd) Run(ctx context.Context, e *environment) error {
	l, err := e.node().LumpStat(ctx, &control.LumpRequest{CID: c.CID, Providers: c.Providers})
	if err != nil {
		return err
	}
	return showLump(e, l)
}

func showLump(e *environment, l *control.Lump) error {
	return e.show(l, func(w io.Writer) {
		fmt.Fprintf(w, "cid\t%s\nbytes\t%d\npinned\t%s\nhere\t%s\n", l.CID, l.Size, yes(l.Pinned), yes(l.Local))
		if l.Holders != nil {
			showHolders(w, l.Holders)
		}
	})
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}
