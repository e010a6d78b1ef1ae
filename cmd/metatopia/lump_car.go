package main

import (
	"context"
	"fmt"
	"io"
	"os"

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
	out := e.Out
	var file *newFile
	if c.Output != "" && c.Output != "-" {
		var err error
		if file, err = createFile(c.Output); err != nil {
			return fmt.Errorf("lump export: %w", err)
		}
		defer file.abandon()
		out = file
	}
	var p *progress
	err := e.node().LumpExport(ctx, &control.LumpRequest{CID: c.CID}, func(chunk *control.LumpChunk) error {
		if p == nil {
			p = newProgress(e, "exporting", chunk.Total)
		}
		p.add(int64(len(chunk.Data)))
		_, err := out.Write(chunk.Data)
		return err
	})
	if p != nil {
		p.done()
	}
	if err != nil {
		return err
	}
	if file != nil {
		if err := file.keep(); err != nil {
			return fmt.Errorf("lump export: %w", err)
		}
		e.note("%s written", c.Output)
	}
	return nil
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
	in, total := e.In, int64(0)
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return fmt.Errorf("lump import: %w", err)
		}
		defer f.Close()
		if info, err := f.Stat(); err == nil {
			total = info.Size()
		}
		in = f
	}
	p := newProgress(e, "importing", total)
	res, err := e.node().LumpImport(ctx, c.Pin, chunks(in, p))
	p.done()
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
