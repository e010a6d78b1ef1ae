package main

import (
	"context"
	"fmt"
	"io"

	"github.com/metatopia/metatopia/node/control"
)

type lumpExportCmd struct {
	CID    string `arg:"" name:"cid" help:"CID of the content."`
	Output string `short:"o" help:"File to write; it appears when it is whole. Standard output without it." placeholder:"FILE"`
}

func (lumpExportCmd) Help() string {
	return `Writes a CAR archive: the content with its names, to carry where no network is.
What is not here is fetched. Any IPFS tool reads it.

Example:
  metatopia lump export bafybei... -o photos.car`
}

func (c lumpExportCmd) Run(ctx context.Context, e *environment) error {
	_, err := download(e, "lump export", "exporting", c.Output, func(send func(*control.LumpChunk) error) error {
		return e.node().LumpExport(ctx, &control.LumpRequest{CID: c.CID}, send)
	})
	if err == nil && c.Output != "" && c.Output != "-" {
		e.note("%s written", c.Output)
	}
	return err
}

type lumpImportCmd struct {
	File string `arg:"" help:"CAR archive to read, or - for standard input."`
	Pin  bool   `help:"Keep what it holds (the default); --no-pin leaves it to the cache." default:"true" negatable:""`
}

func (lumpImportCmd) Help() string {
	return `Stores what a CAR archive holds and prints its roots. Every lump is checked
against its name. Archives of other IPFS tools can be read if their names are
CIDs of version 1 with sha2-256.

Example:
  metatopia lump import photos.car`
}

func (c lumpImportCmd) Run(ctx context.Context, e *environment) error {
	var res *control.LumpListResponse
	err := upload(e, "lump import", "importing", c.File, func(next func() ([]byte, error)) (err error) {
		res, err = e.node().LumpImport(ctx, c.Pin, next)
		return err
	})
	if err != nil {
		return err
	}
	for _, l := range res.Lumps {
		if !l.Local {
			e.note("%s is not whole: the archive lacks a part of it", l.CID)
		}
	}
	return e.show(res, func(w io.Writer) {
		for _, l := range res.Lumps {
			fmt.Fprintln(w, l.CID)
		}
	})
}
