// Package mount lets directories of this machine be read, and nothing but read:
// each file in them becomes a content when it is asked for, and again when it
// has changed. Nothing outside a directory is reached, whatever links are in
// it: os.Root holds every open to it.
package mount

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/metatopia/metatopia/lumps"
)

// Bounds of one directory.
const (
	MaxMounts   = 64
	MaxFiles    = 10_000
	MaxDepth    = 32
	MaxName     = 64
	MaxPath     = 4096
	DefaultFile = 256 << 20 // bytes of the largest file, unless the person says otherwise

	// grain is how exactly a file system may note when a file was changed: one
	// that was changed just before it was read may change again unseen.
	grain = 2 * time.Second
)

// Errors that a person can act on.
var (
	ErrName    = errors.New("a mount's name has 1 to 64 small letters, digits and hyphens")
	ErrDir     = errors.New("not a directory that can be mounted")
	ErrUnknown = errors.New("no such mount")
	ErrTaken   = errors.New("the name is taken")
	ErrFull    = fmt.Errorf("%d directories are mounted, and no more can be", MaxMounts)
)

// Dir is a mounted directory.
type Dir struct {
	Name    string `json:"name"`
	Path    string `json:"path"`             // absolute
	Hidden  bool   `json:"hidden,omitempty"` // files and directories with a dot in front too
	MaxFile int64  `json:"maxFile"`          // bytes
}

// File is a file in one.
type File struct {
	Path string // below the directory, with slashes
	Size int64
	Ref  lumps.Ref
	Read bool   // it was read just now: new, or changed
	Why  string // not "": why it has no Ref
}

// Adder makes contents.
type Adder interface {
	AddQuiet(ctx context.Context, r io.Reader) (lumps.Stat, error)
	Has(ctx context.Context, r lumps.Ref) (bool, error)
}

// Config of a Table. All is required.
type Config struct {
	Lumps Adder
	Keep  string // directory that is never mounted or entered: the node's own
	Load  func(v any) (found bool, err error)
	Save  func(v any) error
}

// Table holds the mounts. Its methods may be called from any goroutine.
type Table struct {
	cfg Config

	mu    sync.Mutex
	dirs  []Dir
	known map[string]known // by name and path
}

// known is what a file was when it was read.
type known struct {
	size int64
	when time.Time
	ref  lumps.Ref
}

// New takes up the mounts that were there before.
func New(cfg Config) (*Table, error) {
	t := &Table{cfg: cfg, known: map[string]known{}}
	if _, err := cfg.Load(&t.dirs); err != nil {
		return nil, fmt.Errorf("mount: %w", err)
	}
	return t, nil
}

// Add mounts a directory. A name of "" is that of the directory. The node's own
// directory, what holds it and what is in it are refused: it holds the key.
func (t *Table) Add(d Dir) (Dir, error) {
	if !filepath.IsAbs(d.Path) || len(d.Path) > MaxPath {
		return d, fmt.Errorf("mount: %w: %q", ErrDir, d.Path)
	}
	real, err := filepath.EvalSymlinks(d.Path)
	if err != nil {
		return d, fmt.Errorf("mount: %w: %w", ErrDir, err)
	}
	d.Path = real
	if info, err := os.Stat(real); err != nil || !info.IsDir() {
		return d, fmt.Errorf("mount: %w: %s is none", ErrDir, real)
	}
	keep, err := filepath.EvalSymlinks(t.cfg.Keep)
	if err != nil {
		return d, fmt.Errorf("mount: %w", err)
	}
	if within(real, keep) || within(keep, real) {
		return d, fmt.Errorf("mount: %w: %s holds this node's own files, its key among them, or is one of them", ErrDir, real)
	}
	if d.Name == "" {
		d.Name = nameOf(filepath.Base(real))
	}
	if !validName(d.Name) {
		return d, fmt.Errorf("mount: name %q: %w", d.Name, ErrName)
	}
	if d.MaxFile <= 0 {
		d.MaxFile = DefaultFile
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.dirs) >= MaxMounts {
		return d, fmt.Errorf("mount: %w", ErrFull)
	}
	for _, o := range t.dirs {
		if o.Name == d.Name {
			return d, fmt.Errorf("mount: name %q: %w", d.Name, ErrTaken)
		}
	}
	old := t.dirs
	t.dirs = append(old[:len(old):len(old)], d)
	if err := t.cfg.Save(t.dirs); err != nil {
		t.dirs = old
		return d, fmt.Errorf("mount: %w", err)
	}
	return d, nil
}

// Remove unmounts a directory. Contents that were made of its files stay where
// they are.
func (t *Table) Remove(name string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	rest := make([]Dir, 0, len(t.dirs))
	for _, d := range t.dirs {
		if d.Name != name {
			rest = append(rest, d)
		}
	}
	if len(rest) == len(t.dirs) {
		return fmt.Errorf("mount: %q: %w", name, ErrUnknown)
	}
	if err := t.cfg.Save(rest); err != nil {
		return fmt.Errorf("mount: %w", err)
	}
	t.dirs = rest
	for k := range t.known { //lint:sorted each on its own
		if strings.HasPrefix(k, name+"\x00") {
			delete(t.known, k)
		}
	}
	return nil
}

// List gives the mounts in the order in which they came.
func (t *Table) List() []Dir {
	t.mu.Lock()
	defer t.mu.Unlock()
	return append([]Dir(nil), t.dirs...)
}

func (t *Table) find(name string) (Dir, error) {
	for _, d := range t.List() {
		if d.Name == name {
			return d, nil
		}
	}
	return Dir{}, fmt.Errorf("mount: %q: %w", name, ErrUnknown)
}

// within reports whether a is b or below it.
func within(a, b string) bool {
	rel, err := filepath.Rel(b, a)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}

func validName(s string) bool {
	for _, r := range s {
		if (r < 'a' || r > 'z') && (r < '0' || r > '9') && r != '-' {
			return false
		}
	}
	return s != "" && len(s) <= MaxName
}

// nameOf makes a name of a directory's.
func nameOf(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r == ' ' || r == '_' || r == '.':
			return '-'
		}
		return -1
	}, s)
	return strings.Trim(s[:min(len(s), MaxName)], "-")
}

// Files makes contents of the regular files below a directory, those that are
// new or have changed, and tells of each in the order of their paths. Links and
// special files are left out; so is what has a dot in front, unless the mount
// says otherwise. tell must not wait for long; its error ends the walk.
func (t *Table) Files(ctx context.Context, name string, tell func(File) error) error {
	d, err := t.find(name)
	if err != nil {
		return err
	}
	root, err := os.OpenRoot(d.Path)
	if err != nil {
		return fmt.Errorf("mount: %s: %w", d.Name, err)
	}
	defer root.Close()
	own, err := os.Stat(t.cfg.Keep)
	if err != nil {
		return fmt.Errorf("mount: %w", err)
	}
	seen := map[string]bool{}
	err = fs.WalkDir(root.FS(), ".", func(p string, e fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case p == ".":
			return err
		case !d.Hidden && strings.HasPrefix(path.Base(p), "."):
			return skip(e)
		case err != nil:
			if terr := tell(File{Path: p, Why: why(err)}); terr != nil {
				return terr
			}
			return skip(e)
		case e.IsDir():
			// It may have been moved here since it was mounted.
			if info, err := e.Info(); err == nil && os.SameFile(info, own) {
				return fs.SkipDir
			}
			if strings.Count(p, "/")+1 >= MaxDepth {
				return fs.SkipDir
			}
			return nil
		case !e.Type().IsRegular():
			return nil
		}
		if seen[p] = true; len(seen) > MaxFiles {
			return fmt.Errorf("more than %d files: mount a part of it", MaxFiles)
		}
		f, err := t.file(ctx, d, root, p)
		if err != nil {
			return err
		}
		return tell(f)
	})
	if err != nil {
		return fmt.Errorf("mount: %s: %w", d.Name, err)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for k := range t.known { //lint:sorted each on its own
		if p, ok := strings.CutPrefix(k, d.Name+"\x00"); ok && !seen[p] {
			delete(t.known, k)
		}
	}
	return nil
}

func skip(e fs.DirEntry) error {
	if e != nil && e.IsDir() {
		return fs.SkipDir
	}
	return nil
}

// file makes a content of one file. The error is one of the store.
func (t *Table) file(ctx context.Context, d Dir, root *os.Root, p string) (File, error) {
	out := File{Path: p}
	// Without waiting: it may have become a pipe.
	f, err := root.OpenFile(filepath.FromSlash(p), os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		out.Why = why(err)
		return out, nil
	}
	defer f.Close()
	before, err := f.Stat()
	switch {
	case err != nil:
		out.Why = why(err)
		return out, nil
	case !before.Mode().IsRegular():
		out.Why = "not a file any more"
		return out, nil
	case before.Size() > d.MaxFile:
		out.Size, out.Why = before.Size(), fmt.Sprintf("%d bytes, at most %d", before.Size(), d.MaxFile)
		return out, nil
	}
	out.Size = before.Size()
	key := d.Name + "\x00" + p
	t.mu.Lock()
	k, seen := t.known[key]
	t.mu.Unlock()
	if seen && k.size == before.Size() && k.when.Equal(before.ModTime()) {
		if here, err := t.cfg.Lumps.Has(ctx, k.ref); err != nil {
			return out, err
		} else if here {
			out.Ref = k.ref
			return out, nil
		}
	}
	st, err := t.cfg.Lumps.AddQuiet(ctx, io.LimitReader(reader{f}, d.MaxFile))
	if err != nil {
		var lost readError
		if errors.As(err, &lost) {
			out.Why = why(lost.error)
			return out, nil
		}
		return out, err
	}
	after, err := f.Stat()
	if err != nil || after.Size() != before.Size() || !after.ModTime().Equal(before.ModTime()) || st.Size != before.Size() {
		out.Why = "it changed while it was read"
		return out, nil
	}
	out.Ref, out.Read = st.Ref, true
	if time.Since(after.ModTime()) > grain {
		t.mu.Lock()
		t.known[key] = known{size: after.Size(), when: after.ModTime(), ref: st.Ref}
		t.mu.Unlock()
	}
	return out, nil
}

// reader tells the file's errors from the store's.
type reader struct{ f *os.File }

type readError struct{ error }

func (r reader) Read(p []byte) (int, error) {
	n, err := r.f.Read(p)
	if err != nil && err != io.EOF {
		err = readError{err}
	}
	return n, err
}

// why is an error without the path, which is told beside it.
func why(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return err.Error()
}
