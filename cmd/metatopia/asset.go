package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/metatopia/metatopia/node/control"
)

type assetCmd struct {
	Show    assetShowCmd    `cmd:"" help:"Load a lump as a mesh, texture, sound, ... and say what it is."`
	Formats assetFormatsCmd `cmd:"" help:"What this node can load, and by which loader."`
}

type assetShowCmd struct {
	CID    string `arg:"" name:"cid" help:"CID of the lump."`
	As     string `help:"Class: Mesh, Texture, Sound, Module, Script, Text or Avatar. The content's own without it." placeholder:"CLASS"`
	Format string `help:"Format to read it as; found by content without it." placeholder:"NAME"`
}

func (assetShowCmd) Help() string {
	return `Fetches the lump if need be, checks it as a client would want it checked, and
prints class, format, sizes, bounds, memory, loader and time. Names and endings of
files play no part: the bytes tell the format.

Example:
  metatopia asset show bafkrei...
  metatopia asset show bafybei... --as Avatar --json`
}

func (c assetShowCmd) Run(ctx context.Context, e *environment) error {
	p := newProgress(e, "loading", 0)
	var last control.Asset
	err := e.node().AssetShow(ctx, &control.AssetRequest{CID: c.CID, As: c.As, Format: c.Format}, func(a *control.Asset) error {
		p.total = a.Total
		p.add(a.Done - last.Done)
		last = *a
		return nil
	})
	p.done()
	if err != nil {
		return err
	}
	if last.State != "ready" {
		return fmt.Errorf("asset show: the node stopped while it was %s", last.State)
	}
	return e.show(last, func(w io.Writer) { describeAsset(w, &last) })
}

func describeAsset(w io.Writer, a *control.Asset) {
	row := func(name, format string, args ...any) { fmt.Fprintf(w, name+"\t"+format+"\n", args...) }
	row("cid", "%s", a.CID)
	row("class", "%s", a.Class)
	row("format", "%s", a.Format)
	switch {
	case a.Mesh != nil:
		m := a.Mesh
		row("size", "%d vertices, %d triangles, %d parts, %d textures", m.Vertices, m.Triangles, m.Parts, m.Textures)
		row("has", "%s", orNone(named(map[string]bool{"normals": m.Normals, "texture coordinates": m.UVs, "colours": m.Colors}, "normals", "texture coordinates", "colours")))
		row("materials", "%s", orNone(m.Materials))
		row("bounds", "%s to %s m", metres(m.Min), metres(m.Max))
	case a.Texture != nil:
		row("size", "%d x %d pixels, %s, %s", a.Texture.Width, a.Texture.Height, a.Texture.Encoding, either(a.Texture.Alpha, "with opacity", "opaque"))
	case a.Sound != nil:
		row("size", "%.2f s, %d channels, %d Hz, %s", a.Sound.Seconds, a.Sound.Channels, a.Sound.Rate, a.Sound.Encoding)
	case a.Module != nil:
		row("runs as", "%s", orNone(a.Module.Uses))
		row("imports", "%s", orNone(a.Module.Interfaces))
	case a.Text != nil:
		row("size", "%d lines", a.Text.Lines)
	case a.Avatar != nil:
		v := a.Avatar
		row("size", "%d vertices, %d triangles, %d textures", v.Vertices, v.Triangles, v.Textures)
		row("skeleton", "%s", either(v.Joints > 0, strings.TrimSpace(fmt.Sprintf("%d joints %s", v.Joints, v.Humanoid)), "none"))
		clips := make([]string, len(v.Clips))
		for i, c := range v.Clips {
			clips[i] = fmt.Sprintf("%s (%.1f s)", c.Name, c.Seconds)
		}
		row("clips", "%s", orNone(clips))
		row("bounds", "%s to %s m", metres(v.Min), metres(v.Max))
	}
	row("bytes", "%d from %s", a.Size, a.Source)
	row("memory", "%d", a.Memory)
	if a.Loader == "" {
		row("loader", "this node")
	} else {
		row("loader", "%s, %d gas", a.Loader, a.Gas)
	}
	row("time", "%v fetching, %v decoding", seconds(a.FetchSeconds), seconds(a.DecodeSeconds))
}

type assetFormatsCmd struct{}

func (assetFormatsCmd) Help() string {
	return `In the order in which they are tried. A format of a loader guest comes from
--loader NAME:CLASS:MAGIC:CID of metatopia up, or is shipped.

Example:
  metatopia asset formats`
}

func (assetFormatsCmd) Run(ctx context.Context, e *environment) error {
	res, err := e.node().AssetFormats(ctx)
	if err != nil {
		return err
	}
	return e.show(res, func(w io.Writer) {
		fmt.Fprintln(w, "FORMAT\tCLASSES\tLOADER")
		for _, f := range res.Formats {
			fmt.Fprintf(w, "%s\t%s\t%s\n", f.Name, strings.Join(f.Classes, ", "), either(f.Loader == "", "this node", f.Loader))
		}
	})
}

func named(has map[string]bool, names ...string) []string {
	var out []string
	for _, n := range names {
		if has[n] {
			out = append(out, n)
		}
	}
	return out
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

func either(first bool, a, b string) string {
	if first {
		return a
	}
	return b
}

func metres(p control.Point) string { return fmt.Sprintf("%.3g,%.3g,%.3g", p.X, p.Y, p.Z) }

func seconds(s float64) time.Duration {
	return time.Duration(s * float64(time.Second)).Round(10 * time.Microsecond)
}
