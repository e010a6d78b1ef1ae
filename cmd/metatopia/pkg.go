package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/metatopia/metatopia/node/control"
)

type pkgCmd struct {
	Build    pkgBuildCmd    `cmd:"" help:"Build a package from a directory, or verify one."`
	Publish  pkgPublishCmd  `cmd:"" help:"Add a package to my releases, for ever."`
	Install  pkgInstallCmd  `cmd:"" help:"Fetch a package, check it and grant it what it may do."`
	Update   pkgUpdateCmd   `cmd:"" help:"Install newer versions."`
	List     pkgListCmd     `cmd:"" aliases:"ls" help:"Installed packages."`
	Versions pkgVersionsCmd `cmd:"" help:"What is published under a name."`
	Show     pkgShowCmd     `cmd:"" help:"A package's manifest."`
	Source   pkgSourceCmd   `cmd:"" help:"The source of a package, a process, a thing's script or a module."`
	Put      pkgPutCmd      `cmd:"" help:"Give a thing the script of an installed package."`
	Remove   pkgRemoveCmd   `cmd:"" aliases:"rm" help:"Remove an installed package."`
	Archive  pkgArchiveCmd  `cmd:"" help:"Write a package to one file, to carry by hand."`
}

// pkgRef names a package.
type pkgRef struct {
	Package string `arg:"" help:"[AUTHOR/]NAME[@VERSION] or CID."`
}

// granted is what a package is given.
type granted struct {
	Grant      []string `help:"Privilege to give, as world or lump.send=PEER; may be given several times." placeholder:"PRIVILEGE" sep:"none"`
	GrantAsked bool     `help:"Give all that the manifest asks for."`
}

type pkgInstallCmd struct {
	granted `embed:""`
	Package string `arg:"" help:"[AUTHOR/]NAME[@VERSION], CID, or a file that pkg archive has written."`
}

func (pkgInstallCmd) Help() string {
	return `A name is looked for among what was built here, what this program brings along,
and what the connected nodes know; when several authors have it, say whose:
AUTHOR is a key, or the first digits of one. The newest version is taken, but
none with a part after a dash unless you name it.

A package gets no privilege that the manifest does not ask for, and none that you
do not grant, here or with --grant of metatopia up. Privileges:
  world              see, walk, talk, touch and throw as my avatar
  lump.put           store lumps on this node
  lump.send=PEER     send lumps to that peer, or to any
  process.spawn=CID  start processes from that module, or from any
  http               fetch from the web

Example:
  metatopia pkg install greeter
  metatopia pkg install 0a1b2c3d/wanderer@1.2.0 --grant world
  metatopia pkg install wanderer.car --grant-asked`
}

func (c pkgInstallCmd) Run(ctx context.Context, e *environment) error {
	ref := c.Package
	if isArchiveFile(ref) {
		err := upload(e, "pkg install", "reading", ref, func(next func() ([]byte, error)) error {
			p, err := e.node().PkgImport(ctx, false, next)
			if err == nil {
				ref = p.CID
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	p, err := e.node().PkgInstall(ctx, &control.PkgInstallRequest{Ref: ref, Grants: c.Grant, GrantAsked: c.GrantAsked})
	if err != nil {
		return err
	}
	if !e.JSON {
		e.note("%s@%s is installed%s.", p.Name, p.Version, with(p.Grants))
	}
	return e.show(p, func(w io.Writer) { fmt.Fprintln(w, p.CID) })
}

func with(grants []string) string {
	if len(grants) == 0 {
		return ", without privileges"
	}
	return " with " + strings.Join(grants, ", ")
}

// isArchiveFile: a path, or a name that ends in .car. AUTHOR/NAME has a slash
// too, and a key before it.
func isArchiveFile(s string) bool {
	return strings.HasSuffix(s, ".car") || strings.HasPrefix(s, ".") || filepath.IsAbs(s)
}

type pkgUpdateCmd struct {
	granted `embed:""`
	Package string `arg:"" optional:"" help:"[AUTHOR/]NAME; all without it."`
}

func (pkgUpdateCmd) Help() string {
	return `A newer version gets what the installed one has. One that asks for more is not
installed until you grant it; the old one stays.

Example:
  metatopia pkg update
  metatopia pkg update wanderer --grant lump.send=any`
}

func (c pkgUpdateCmd) Run(ctx context.Context, e *environment) error {
	res, err := e.node().PkgUpdate(ctx, &control.PkgInstallRequest{Ref: c.Package, Grants: c.Grant, GrantAsked: c.GrantAsked})
	if err != nil {
		return err
	}
	failed := slices.ContainsFunc(res.Packages, func(u control.PackageUpdate) bool { return u.Error != "" })
	err = e.show(res, func(w io.Writer) {
		fmt.Fprintln(w, "PACKAGE\tFROM\tTO\tCID")
		for _, u := range res.Packages {
			switch {
			case u.Error != "":
				fmt.Fprintf(w, "%s\t%s\t(not %s: %s)\t\n", u.Name, u.From, u.To, oneLine(u.Error))
			case u.To == "":
				fmt.Fprintf(w, "%s\t%s\t\t\n", u.Name, u.From)
			default:
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", u.Name, u.From, u.To, u.CID)
			}
		}
	})
	if err == nil && failed {
		return errQuiet
	}
	return err
}

type pkgListCmd struct {
	All bool `short:"a" help:"Also those that were built here and are not installed."`
}

func (c pkgListCmd) Run(ctx context.Context, e *environment) error {
	res, err := e.node().PkgList(ctx, &control.PkgListRequest{All: c.All})
	if err != nil {
		return err
	}
	return e.show(res, func(w io.Writer) {
		fmt.Fprintln(w, "PACKAGE\tVERSION\tAUTHOR\tFOR\tLICENSE\tSOURCE\tGRANTS\tSTATE")
		for _, p := range res.Packages {
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", p.Name, p.Version, shortKey(p.Keys), targets(p.Modules), p.License,
				yes(p.Source != ""), orNone(p.Grants), pkgState(&p))
		}
	})
}

func pkgState(p *control.Package) string {
	var words []string
	for _, s := range []struct {
		is   bool
		word string
	}{{p.Installed, "installed"}, {p.Made, "built here"}, {p.Release > 0, "published"}, {p.Doubtful, "doubtful"}} {
		if s.is {
			words = append(words, s.word)
		}
	}
	return orNone(words)
}

func targets(list []control.PackageModule) string {
	var out []string
	for _, m := range list {
		out = append(out, m.Target)
	}
	return strings.Join(out, ", ")
}

func shortKey(keys []string) string {
	if len(keys) == 0 || len(keys[0]) < 8 {
		return ""
	}
	return keys[0][:8]
}

type pkgVersionsCmd struct{ pkgRef }

func (pkgVersionsCmd) Help() string {
	return `Asks the connected nodes, and the author's own, for releases. An author who has
signed two things where there can be one is doubtful from there on; such versions
are not installed.

Example:
  metatopia pkg versions greeter`
}

func (c pkgVersionsCmd) Run(ctx context.Context, e *environment) error {
	res, err := e.node().PkgVersions(ctx, &control.PkgRequest{Ref: c.Package})
	if err != nil {
		return err
	}
	return e.show(res, func(w io.Writer) {
		fmt.Fprintln(w, "PACKAGE\tVERSION\tAUTHOR\tPUBLISHED\tINSTALLED\tCID")
		for _, v := range res.Versions {
			version := v.Version
			if v.Doubtful {
				version += " (doubtful)"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", v.Name, version, v.Author[:min(8, len(v.Author))], v.Published, yes(v.Installed), v.CID)
		}
	})
}

type pkgShowCmd struct{ pkgRef }

func (pkgShowCmd) Help() string {
	return `Example:
  metatopia pkg show greeter
  metatopia pkg show bafybei... --json`
}

func (c pkgShowCmd) Run(ctx context.Context, e *environment) error {
	p, err := e.node().PkgShow(ctx, &control.PkgRequest{Ref: c.Package})
	if err != nil {
		return err
	}
	return e.show(p, func(w io.Writer) { describePackage(w, p) })
}

func describePackage(w io.Writer, p *control.Package) {
	row := func(name, format string, args ...any) { fmt.Fprintf(w, name+"\t"+format+"\n", args...) }
	row("package", "%s@%s", p.Name, p.Version)
	row("about", "%s", p.Description)
	row("cid", "%s", p.CID)
	row("author", "%s", p.Author)
	for _, k := range p.Keys {
		row("signed by", "%s", k)
	}
	row("license", "%s", p.License)
	if p.Source == "" {
		row("source", "not given")
	} else {
		row("source", "%s, %d bytes", p.Source, p.SourceSize)
	}
	row("built by", "%s", strings.TrimSpace(p.Tool+" "+p.Toolchain))
	for _, m := range p.Modules {
		row("for "+m.Target, "%s, %d bytes, from %s", m.CID, m.Size, m.Entry)
	}
	for _, i := range p.Interfaces {
		versions := fmt.Sprint(i.From)
		if i.To != i.From {
			versions = fmt.Sprintf("%d to %d", i.From, i.To)
		}
		row("needs", "%s version %s%s", i.Name, versions, either(i.Optional, ", or does without", ""))
	}
	for _, v := range p.Privileges {
		row("asks for", "%s: %s%s%s", v.Name, v.Why, either(v.Optional, " (or does without)", ""), either(v.Granted, ", granted", ""))
	}
	if p.Memory > 0 {
		row("memory", "%d bytes", p.Memory)
	}
	if p.Gas > 0 {
		row("gas", "%d", p.Gas)
	}
	row("state", "%s", pkgState(p))
	if p.Release > 0 {
		row("published", "%s, release %d", p.Published, p.Release)
	}
}

type pkgPutCmd struct {
	pkgRef
	Thing string `arg:"" help:"Id, or name in sight, of a thing that I own."`
}

func (pkgPutCmd) Help() string {
	return `Sets the thing's slots script, source, license, author, language and package.

Example:
  metatopia pkg put bell "street lamp"`
}

func (c pkgPutCmd) Run(ctx context.Context, e *environment) error {
	res, err := e.node().PkgPut(ctx, &control.PkgPutRequest{Ref: c.Package, Thing: c.Thing})
	if err != nil {
		return err
	}
	return e.show(res, func(w io.Writer) { fmt.Fprintf(w, "%s\ttick %d\n", res.Region, res.Tick) })
}

type pkgRemoveCmd struct{ pkgRef }

func (pkgRemoveCmd) Help() string {
	return `Processes that run go on. What I have published stays here for others.

Example:
  metatopia pkg remove greeter@1.0.0`
}

func (c pkgRemoveCmd) Run(ctx context.Context, e *environment) error {
	p, err := e.node().PkgRemove(ctx, &control.PkgRequest{Ref: c.Package})
	if err != nil {
		return err
	}
	e.note("%s@%s is removed.", p.Name, p.Version)
	return nil
}

type pkgArchiveCmd struct {
	pkgRef
	Output string `short:"o" help:"File to write; it appears when it is whole. Standard output without it." placeholder:"FILE"`
}

func (pkgArchiveCmd) Help() string {
	return `Writes a CAR archive of the package, its source and its author's releases so far.
pkg install reads it, with nobody else connected.

Example:
  metatopia pkg archive greeter -o greeter.car
  metatopia pkg install greeter.car`
}

func (c pkgArchiveCmd) Run(ctx context.Context, e *environment) error {
	_, err := download(e, "pkg archive", "archiving", c.Output, func(send func(*control.LumpChunk) error) error {
		return e.node().PkgArchive(ctx, &control.PkgRequest{Ref: c.Package}, send)
	})
	if err == nil && c.Output != "" && c.Output != "-" {
		e.note("%s written", c.Output)
	}
	return err
}
