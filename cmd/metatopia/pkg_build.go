package main

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/scripting/pkg"
	"github.com/metatopia/metatopia/scripting/pkg/recipe"
)

// building is what makes a package of a directory.
type building struct {
	File string            `help:"Package file; DIR/pkg.json without it." placeholder:"FILE"`
	Key  []string          `help:"File with the key of an author, as identity.key of a data directory; may be given several times. My node's key without it." placeholder:"FILE" sep:"none"`
	Tool map[string]string `help:"Where a tool is: asc, clang, go, wat2wasm." placeholder:"NAME=PATH"`
}

type pkgBuildCmd struct {
	building `embed:""`
	Verify   bool   `help:"Build a published package again from its source, and compare the modules."`
	Dir      string `arg:"" help:"Directory with the source; with --verify a package: [AUTHOR/]NAME[@VERSION] or CID."`
}

func (pkgBuildCmd) Help() string {
	return `Builds what pkg.json says with the tools of this machine, signs the package with
my node's key and stores it; prints its CID. Nobody else hears of it before
pkg publish. The same source and the same tools give the same CID.

Recipes ("tool" of pkg.json): go (needs go), assemblyscript (node and asc, which is
looked for in node_modules of the directory and above), c (clang), lua (nothing),
wat (wat2wasm), prebuilt (modules as they are). docs/protocol/packages.md describes pkg.json.

--verify says whether the modules are what the source makes. It runs compilers on
a stranger's source; they are not confined.

Example:
  metatopia pkg build greeter/
  metatopia pkg build --verify bafybei...`
}

func (c pkgBuildCmd) Run(ctx context.Context, e *environment) error {
	if c.Verify {
		return c.verify(ctx, e)
	}
	p, err := c.build(ctx, e, c.Dir)
	if err != nil {
		return err
	}
	if !e.JSON {
		e.note("%s@%s is built. Publish it with: metatopia pkg publish %s", p.Name, p.Version, p.CID)
	}
	return e.show(p, func(w io.Writer) { fmt.Fprintln(w, p.CID) })
}

// build makes, signs and stores a package.
func (c *building) build(ctx context.Context, e *environment, dir string) (*control.Package, error) {
	file := c.File
	if file == "" {
		file = filepath.Join(dir, pkg.FileName)
	}
	planFile, err := os.ReadFile(file)
	if err != nil {
		return nil, usagef("see `metatopia pkg build --help`", "pkg build: %w", err)
	}
	plan, err := pkg.ParsePlan(planFile)
	if err != nil {
		return nil, invalid(err)
	}
	m, err := plan.Manifest()
	if err != nil {
		return nil, invalid(err)
	}
	keys, err := readKeys(c.Key)
	if err != nil {
		return nil, err
	}
	files, err := recipe.Collect(dir, plan, planFile)
	if err != nil {
		return nil, fmt.Errorf("pkg build: %w", err)
	}
	bundle, err := pkg.PackBundle(files)
	if err != nil {
		return nil, fmt.Errorf("pkg build: %w", err)
	}
	node := e.node()
	if _, err := node.Status(ctx); err != nil {
		return nil, err // before minutes of compiling
	}
	near, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	built, err := c.run(ctx, e, near, m, files)
	if err != nil {
		return nil, err
	}
	req := &control.PkgDraftRequest{Plan: planFile, Toolchain: built.Toolchain}
	store := func(b []byte) (string, error) {
		l, err := node.LumpAdd(ctx, false, chunks(bytes.NewReader(b), newProgress(e, "storing", int64(len(b)))))
		if err != nil {
			return "", err
		}
		return l.CID, nil
	}
	if !plan.Closed {
		if req.Source, err = store(bundle); err != nil {
			return nil, err
		}
	}
	for i, wasm := range built.Modules {
		cid, err := store(wasm)
		if err != nil {
			return nil, err
		}
		req.Modules = append(req.Modules, control.PackageModule{Target: m.Modules[i].Target.String(), CID: cid})
	}
	for _, k := range keys {
		req.Keys = append(req.Keys, public(k))
	}
	draft, err := node.PkgDraft(ctx, req)
	if err != nil {
		return nil, err
	}
	seal := &control.PkgSealRequest{Body: draft.Body}
	for _, k := range keys {
		sig := pkg.SignBody(k, draft.Body)
		seal.Sigs = append(seal.Sigs, sig[:])
	}
	return node.PkgSeal(ctx, seal)
}

// run runs the recipe and tells that it does.
func (c *building) run(ctx context.Context, e *environment, near string, m *pkg.Manifest, files []pkg.File) (*recipe.Built, error) {
	if !e.JSON {
		e.note("Building %s with %s ...", m.ID(), m.Recipe.Tool)
	}
	built, err := recipe.Build(ctx, recipe.Config{Paths: c.Tool, Near: near}, m.Recipe, files, m.Modules)
	var missing *recipe.Missing
	if errors.As(err, &missing) {
		return nil, control.Errorf(control.Failed, missing.Hint, "pkg build: %w", err)
	}
	if err != nil {
		return nil, fmt.Errorf("pkg build: %w", err)
	}
	return built, nil
}

func invalid(err error) error {
	return control.Errorf(control.Invalid, "docs/protocol/packages.md describes "+pkg.FileName, "pkg build: %w", err)
}

// verified is what --verify --json prints.
type verified struct {
	CID       string           `json:"cid"`
	Package   string           `json:"package"`
	Same      bool             `json:"same"`
	Toolchain string           `json:"toolchain"` // that of this machine
	BuiltWith string           `json:"builtWith"`
	Modules   []verifiedModule `json:"modules"`
}

type verifiedModule struct {
	Target string `json:"target"`
	CID    string `json:"cid"`
	Same   bool   `json:"same"`
	SHA256 string `json:"sha256"`
	Here   string `json:"here"` // SHA-256 of what was built now
}

func (c *pkgBuildCmd) verify(ctx context.Context, e *environment) error {
	node := e.node()
	p, err := node.PkgShow(ctx, &control.PkgRequest{Ref: c.Dir})
	if err != nil {
		return err
	}
	switch {
	case p.Source == "":
		return control.Errorf(control.Failed, "", "%s@%s gives no source: nobody can verify it", p.Name, p.Version)
	case p.Tool == "prebuilt":
		return control.Errorf(control.Failed, "", "%s@%s has its modules as they are: there is nothing to build", p.Name, p.Version)
	}
	body, err := fetchAll(ctx, e, p.Source, pkg.MaxBundle)
	if err != nil {
		return err
	}
	files, err := pkg.ReadBundle(body)
	if err != nil {
		return fmt.Errorf("pkg build: %w", err)
	}
	m := &pkg.Manifest{Name: p.Name, Recipe: pkg.Recipe{Tool: p.Tool}}
	if m.Version, err = pkg.ParseVersion(p.Version); err != nil {
		return fmt.Errorf("pkg build: %w", err)
	}
	for k, v := range p.Options { //lint:sorted options are looked up by name
		m.Recipe.Options = append(m.Recipe.Options, pkg.Setting{Key: k, Value: v})
	}
	for _, x := range p.Modules {
		t, err := pkg.ParseTarget(x.Target)
		if err != nil {
			return fmt.Errorf("pkg build: %w", err)
		}
		m.Modules = append(m.Modules, pkg.Module{Target: t, Entry: x.Entry})
	}
	near, err := os.Getwd()
	if err != nil {
		return err
	}
	built, err := c.run(ctx, e, near, m, files)
	if err != nil {
		return err
	}
	v := verified{CID: p.CID, Package: p.Name + "@" + p.Version, Same: true, Toolchain: built.Toolchain, BuiltWith: p.Toolchain}
	for i, x := range p.Modules {
		wasm, err := fetchAll(ctx, e, x.CID, maxFetched)
		if err != nil {
			return err
		}
		one := verifiedModule{Target: x.Target, CID: x.CID, SHA256: hash(wasm), Here: hash(built.Modules[i])}
		one.Same = one.SHA256 == one.Here
		v.Same = v.Same && one.Same
		v.Modules = append(v.Modules, one)
	}
	if err := e.show(v, func(w io.Writer) {
		for _, x := range v.Modules {
			fmt.Fprintf(w, "%s\t%s\t%s\n", x.Target, either(x.Same, "the same", "DIFFERS"), x.Here)
		}
	}); err != nil {
		return err
	}
	if v.Same {
		return nil
	}
	if v.Toolchain != v.BuiltWith {
		e.note("It was built with %q; here is %q, which may be why.", v.BuiltWith, v.Toolchain)
	}
	return errQuiet
}

// maxFetched bounds a module that is fetched to be compared, in bytes.
const maxFetched = 64 << 20

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// fetchAll holds a whole content in memory.
func fetchAll(ctx context.Context, e *environment, cid string, limit int) ([]byte, error) {
	var out []byte
	err := e.node().LumpGet(ctx, &control.LumpRequest{CID: cid}, func(c *control.LumpChunk) error {
		if len(out)+len(c.Data) > limit {
			return fmt.Errorf("pkg: %s has more than %d bytes", cid, limit)
		}
		out = append(out, c.Data...)
		return nil
	})
	return out, err
}

// readKeys reads files with an Ed25519 seed in hexadecimal.
func readKeys(files []string) (out []ed25519.PrivateKey, err error) {
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			return nil, fmt.Errorf("pkg: key: %w", err)
		}
		seed, err := hex.DecodeString(strings.TrimSpace(string(b)))
		if err != nil || len(seed) != ed25519.SeedSize {
			return nil, fmt.Errorf("pkg: key: %s holds no key: want %d hexadecimal digits", f, 2*ed25519.SeedSize)
		}
		out = append(out, ed25519.NewKeyFromSeed(seed))
	}
	return out, nil
}

// public is the key that others see, in hexadecimal.
func public(k ed25519.PrivateKey) string {
	return hex.EncodeToString(k.Public().(ed25519.PublicKey))
}

type pkgPublishCmd struct {
	building `embed:""`
	Package  string `arg:"" help:"Directory to build, or a package that was built here: NAME[@VERSION] or CID."`
}

func (pkgPublishCmd) Help() string {
	return `Signs a release: name and version are this content for ever. Releases are a chain
of signatures; who signs another content for the same version, or another release
with the same number, gives everybody the evidence against his key. The node keeps
the package, and tells its releases to whoever asks.

A key is published with from one node at a time: with --key the newest releases
are asked for first, as far as anybody who knows them is connected.

Example:
  metatopia pkg publish greeter/
  metatopia pkg publish greeter@1.1.0
  metatopia pkg publish greeter/ --key studio.key`
}

func (c pkgPublishCmd) Run(ctx context.Context, e *environment) error {
	ref := c.Package
	if info, err := os.Stat(ref); err == nil && info.IsDir() {
		p, err := c.build(ctx, e, ref)
		if err != nil {
			return err
		}
		ref = p.CID
	}
	req := &control.PkgPublishRequest{Ref: ref}
	if len(c.Key) > 0 {
		var err error
		if req.Release, req.Ref, err = c.release(ctx, e, ref); err != nil {
			return err
		}
	}
	p, err := e.node().PkgPublish(ctx, req)
	if err != nil {
		return err
	}
	if !e.JSON {
		e.note("%s@%s is release %d of %s.", p.Name, p.Version, p.Release, shortKey(p.Keys))
	}
	return e.show(p, func(w io.Writer) { fmt.Fprintln(w, p.CID) })
}

// release signs the next release with the first key.
func (c *pkgPublishCmd) release(ctx context.Context, e *environment, ref string) (signed []byte, cid string, err error) {
	keys, err := readKeys(c.Key[:1])
	if err != nil {
		return nil, "", err
	}
	node := e.node()
	p, err := node.PkgShow(ctx, &control.PkgRequest{Ref: ref})
	if err != nil {
		return nil, "", err
	}
	res, err := node.PkgHistory(ctx, &control.PkgHistoryRequest{Author: public(keys[0])})
	if err != nil {
		return nil, "", err
	}
	h, err := pkg.ReadHistory(res.History)
	if err != nil {
		return nil, "", fmt.Errorf("pkg publish: %w", err)
	}
	v, err := pkg.ParseVersion(p.Version)
	if err != nil {
		return nil, "", fmt.Errorf("pkg publish: %w", err)
	}
	root, err := pkg.ParseReference(p.CID)
	if err != nil {
		return nil, "", fmt.Errorf("pkg publish: %w", err)
	}
	r, err := h.Next(keys[0], p.Name, v, root.Root, time.Now().UnixMilli())
	if err != nil {
		return nil, "", control.Errorf(control.Conflict, "give it another version", "pkg publish: %w", err)
	}
	return r.Encode(), p.CID, nil
}
