package main

import (
	"bytes"
	"context"
	"fmt"

	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/scripting/pkg"
	"github.com/metatopia/metatopia/scripting/pkg/recipe"
)

type pkgSourceCmd struct {
	Of     string `arg:"" help:"Pid, id of a thing in sight, package, or CID of a module."`
	File   string `arg:"" optional:"" help:"One file of the source."`
	Output string `short:"o" help:"Directory to write the source to; it must not be there yet." placeholder:"DIR"`
}

func (pkgSourceCmd) Help() string {
	return `Prints the source of what runs, or of what could: all its files one after the
other, or one of them. What is printed is the author's word; pkg build --verify
says whether the module is made of it.

Example:
  metatopia pkg source 3
  metatopia pkg source greeter -o greeter-source
  metatopia pkg source 0123456789abcdef0123456789abcdef`
}

// sourceShown is what --json prints.
type sourceShown struct {
	*control.PkgSourceResponse
	Files []sourceFile `json:"files"`
}

type sourceFile struct {
	Path string `json:"path"`
	Size int    `json:"size"`
}

func (c pkgSourceCmd) Run(ctx context.Context, e *environment) error {
	s, err := e.node().PkgSource(ctx, &control.PkgRequest{Ref: c.Of})
	if err != nil {
		return err
	}
	body, err := fetchAll(ctx, e, s.CID, pkg.MaxBundle)
	if err != nil {
		return err
	}
	files := []pkg.File{{Path: "source", Data: body}}
	if s.Bundle {
		if files, err = pkg.ReadBundle(body); err != nil {
			return fmt.Errorf("pkg source: %w", err)
		}
	}
	if c.Output != "" {
		if err := recipe.Unpack(c.Output, files); err != nil {
			return fmt.Errorf("pkg source: %w", err)
		}
		e.note("%d files written to %s", len(files), c.Output)
	}
	shown := sourceShown{PkgSourceResponse: s}
	found := false
	for _, f := range files {
		shown.Files = append(shown.Files, sourceFile{f.Path, len(f.Data)})
		found = found || f.Path == c.File
	}
	if c.File != "" && !found {
		return control.Errorf(control.NotFound, "without FILE all are printed", "pkg source: no file %s", c.File)
	}
	if e.JSON {
		return e.line(shown)
	}
	if c.Output != "" && c.File == "" {
		return nil
	}
	w := cleanWriter{e.Out}
	for _, f := range files {
		if c.File != "" && c.File != f.Path {
			continue
		}
		if c.File == "" && len(files) > 1 {
			fmt.Fprintf(w, "==> %s\n", f.Path)
		}
		if c.File == "" && len(files) > 1 && !bytes.HasSuffix(f.Data, []byte("\n")) {
			f.Data = append(f.Data, '\n')
		}
		if _, err := w.Write(f.Data); err != nil {
			return err
		}
	}
	return nil
}
