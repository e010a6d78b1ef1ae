package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"

	"github.com/metatopia/metatopia/node/control"
)

type lumpMountCmd struct {
	Dir    string `arg:"" help:"Directory."`
	Name   string `help:"Name of the mount (that of the directory)." placeholder:"NAME"`
	Hidden bool   `help:"Files and directories with a dot in front too."`
	Max    string `help:"Largest file, as 500M or 20G." default:"256M" placeholder:"SIZE"`
}

func (lumpMountCmd) Help() string {
	return `The node may read the files below the directory, and nothing else: no links, no
pipes, nothing outside. lump mounts NAME makes contents of them and shows the
CIDs; a file that has changed gets another. The node's own directory cannot be
mounted.

Whoever knows a CID can fetch the content, also after the directory is unmounted.

Example:
  metatopia lump mount ~/models --name models
  metatopia lump mounts models`
}

func (c lumpMountCmd) Run(ctx context.Context, e *environment) error {
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return fmt.Errorf("lump mount: %w", err)
	}
	most, err := parseSize(c.Max)
	if err != nil || most == 0 {
		return usagef("write it like 500M or 20G", "lump mount: --max %q is not a size", c.Max)
	}
	m, err := e.node().Mount(ctx, &control.Mount{Name: c.Name, Dir: dir, Hidden: c.Hidden, MaxFile: most})
	if err != nil {
		return err
	}
	return e.show(m, func(w io.Writer) { fmt.Fprintf(w, "%s\t%s\n", m.Name, m.Dir) })
}

type lumpUnmountCmd struct {
	Name string `arg:"" help:"Name of the mount."`
}

func (c lumpUnmountCmd) Run(ctx context.Context, e *environment) error {
	if err := e.node().Unmount(ctx, &control.MountName{Name: c.Name}); err != nil {
		return err
	}
	e.note("%s is unmounted; contents made of its files stay until room is needed, or lump forget", c.Name)
	return nil
}

type lumpMountsCmd struct {
	Name string `arg:"" optional:"" help:"Show the files of this one, with their CIDs."`
}

func (lumpMountsCmd) Help() string {
	return `Without a name, the directories that my node may read. With one, its files: what
is new or has changed is read now. --json gives one line for each file.

Example:
  metatopia lump mounts
  metatopia lump mounts models --json | jq -r '[.path, .cid] | @tsv'`
}

func (c lumpMountsCmd) Run(ctx context.Context, e *environment) error {
	if c.Name == "" {
		res, err := e.node().Mounts(ctx)
		if err != nil {
			return err
		}
		return e.show(res, func(w io.Writer) {
			fmt.Fprintln(w, "NAME\tDIRECTORY\tLARGEST FILE\tHIDDEN")
			for _, m := range res.Mounts {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", m.Name, oneLine(m.Dir), size(m.MaxFile), yes(m.Hidden))
			}
		})
	}
	p := newProgress(e, "reading", 0)
	var all []control.MountFile
	err := e.node().MountFiles(ctx, &control.MountName{Name: c.Name}, func(f *control.MountFile) error {
		if f.Read {
			p.add(f.Size)
		}
		if e.JSON {
			return e.line(f)
		}
		all = append(all, *f)
		return nil
	})
	p.done()
	if err != nil || e.JSON {
		return err
	}
	return e.show(nil, func(w io.Writer) {
		fmt.Fprintln(w, "FILE\tBYTES\tCID")
		for _, f := range all {
			what := f.CID
			if f.Why != "" {
				what = "none: " + oneLine(f.Why)
			}
			fmt.Fprintf(w, "%s\t%d\t%s\n", oneLine(f.Path), f.Size, what)
		}
	})
}
