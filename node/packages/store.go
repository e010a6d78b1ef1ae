package packages

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/scripting/pkg"
)

// Errors of the store.
var (
	ErrNone      = errors.New("no such package here")
	ErrAmbiguous = errors.New("packages of several authors have that name")
	ErrFull      = errors.New("too many packages or authors")
)

// Entry is a package that this node has to do with.
type Entry struct {
	Root      lumps.Ref
	Manifest  *pkg.Manifest
	Grants    []pkg.Grant // what it was given when it was installed
	Installed bool
	Made      bool  // here: it stays for others to fetch
	Time      int64 // of the last change, unix milliseconds
}

// Config of a store. All fields are required.
type Config struct {
	Dir string // for histories, one file an author; made when missing
	// Load and Save keep the list of entries.
	Load func(v any) (found bool, err error)
	Save func(v any) error
	// Write replaces a file durably.
	Write func(file string, b []byte) error
}

// Store remembers. Its methods may be called from any goroutine; what they
// return is not changed later and must not be changed.
type Store struct {
	cfg Config

	mu      sync.Mutex
	entries []Entry // by name, newest version first, author, root
	authors map[base.Key]*pkg.History
}

// saved is the file of entries.
type saved struct {
	Packages []savedEntry `json:"packages"`
}

type savedEntry struct {
	Root      lumps.Ref `json:"root"`
	Manifest  []byte    `json:"manifest"`
	Grants    []string  `json:"grants,omitempty"`
	Installed bool      `json:"installed"`
	Made      bool      `json:"made,omitempty"`
	Time      int64     `json:"time"`
}

// Open reads what was kept. A damaged file is an error: it is never silently
// replaced.
func Open(cfg Config) (*Store, error) {
	s := &Store{cfg: cfg, authors: map[base.Key]*pkg.History{}}
	var list saved
	if _, err := cfg.Load(&list); err != nil {
		return nil, fmt.Errorf("packages: open: %w", err)
	}
	if len(list.Packages) > MaxEntries {
		return nil, fmt.Errorf("packages: open: %w: %d", ErrFull, len(list.Packages))
	}
	for _, x := range list.Packages {
		m, err := pkg.Parse(x.Manifest)
		if err != nil {
			return nil, fmt.Errorf("packages: open: package %s: %w", x.Root, err)
		}
		e := Entry{Root: x.Root, Manifest: m, Installed: x.Installed, Made: x.Made, Time: x.Time}
		for _, text := range x.Grants {
			g, err := pkg.ParseGrant(text)
			if err != nil {
				return nil, fmt.Errorf("packages: open: package %s: %w", x.Root, err)
			}
			e.Grants = append(e.Grants, g)
		}
		s.entries = append(s.entries, e)
	}
	slices.SortFunc(s.entries, order)
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("packages: open: %w", err)
	}
	files, err := os.ReadDir(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("packages: open: %w", err)
	}
	for _, f := range files {
		k, err := base.ParseKey(f.Name())
		if err != nil {
			continue // a file that was being written
		}
		b, err := os.ReadFile(filepath.Join(cfg.Dir, f.Name()))
		if err != nil {
			return nil, fmt.Errorf("packages: open: %w", err)
		}
		h, err := pkg.ReadHistory(b)
		if err == nil && h.Author != k {
			err = fmt.Errorf("it is of %s", h.Author)
		}
		if err != nil {
			return nil, fmt.Errorf("packages: open: the releases of %s are damaged: %w", k, err)
		}
		s.authors[k] = h
	}
	return s, nil
}

func order(a, b Entry) int {
	return cmp.Or(cmp.Compare(a.Manifest.Name, b.Manifest.Name), b.Manifest.Version.Compare(a.Manifest.Version),
		a.Manifest.Publisher().Compare(b.Manifest.Publisher()), a.Root.Compare(b.Root))
}

// save writes the list; s.mu must be held.
func (s *Store) save() error {
	list := saved{Packages: []savedEntry{}}
	for _, e := range s.entries {
		x := savedEntry{Root: e.Root, Manifest: e.Manifest.Encode(), Installed: e.Installed, Made: e.Made, Time: e.Time}
		for _, g := range e.Grants {
			x.Grants = append(x.Grants, g.String())
		}
		list.Packages = append(list.Packages, x)
	}
	if err := s.cfg.Save(&list); err != nil {
		return fmt.Errorf("packages: save: %w", err)
	}
	return nil
}

// change applies f to a copy of the list and keeps it when it was saved.
func (s *Store) change(f func(list []Entry) ([]Entry, error)) error {
	old := s.entries
	list, err := f(slices.Clone(old))
	if err != nil {
		return err
	}
	slices.SortFunc(list, order)
	s.entries = list
	if err := s.save(); err != nil {
		s.entries = old
		return err
	}
	return nil
}

// Put remembers a package, or changes what is remembered of it.
func (s *Store) Put(e Entry) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.change(func(list []Entry) ([]Entry, error) {
		if i := slices.IndexFunc(list, func(o Entry) bool { return o.Root == e.Root }); i >= 0 {
			list[i] = e
			return list, nil
		}
		if len(list) == MaxEntries {
			return nil, fmt.Errorf("packages: put %s: %w", e.Manifest.ID(), ErrFull)
		}
		return append(list, e), nil
	})
}

// Drop forgets a package.
func (s *Store) Drop(root lumps.Ref) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.change(func(list []Entry) ([]Entry, error) {
		return slices.DeleteFunc(list, func(o Entry) bool { return o.Root == root }), nil
	})
}

// List are all entries, by name, newest version first.
func (s *Store) List() []Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.entries
}

// Get finds an entry by its root.
func (s *Store) Get(root lumps.Ref) (Entry, bool) {
	for _, e := range s.List() {
		if e.Root == root {
			return e, true
		}
	}
	return Entry{}, false
}

// Find gives the installed package that a reference means: of several versions
// the newest. ErrNone, or ErrAmbiguous for several authors.
func (s *Store) Find(r pkg.Reference) (Entry, error) {
	var found []Entry
	for _, e := range s.List() {
		switch {
		case !e.Installed:
		case !r.Root.IsZero():
			if e.Root == r.Root {
				return e, nil
			}
		case e.Manifest.Name == r.Name && r.By(e.Manifest.Publisher()) && (!r.Exact || e.Manifest.Version == r.Version):
			found = append(found, e)
		}
	}
	if len(found) == 0 {
		return Entry{}, fmt.Errorf("packages: %s: %w", r, ErrNone)
	}
	for _, e := range found[1:] {
		if e.Manifest.Publisher() != found[0].Manifest.Publisher() {
			return Entry{}, fmt.Errorf("packages: %s: %w: %s/%s and %s/%s", r, ErrAmbiguous, found[0].Manifest.Publisher().Short(), found[0].Manifest.Name, e.Manifest.Publisher().Short(), e.Manifest.Name)
		}
	}
	return found[0], nil
}

// ByModule finds a package that has this module; installed ones come first.
func (s *Store) ByModule(ref lumps.Ref) (Entry, bool) {
	var found Entry
	for _, e := range s.List() {
		for _, m := range e.Manifest.Modules {
			if m.Ref == ref && (found.Manifest == nil || e.Installed && !found.Installed) {
				found = e
			}
		}
	}
	return found, found.Manifest != nil
}

// Uses tells whether any package of an author is remembered.
func (s *Store) Uses(k base.Key) bool {
	return slices.ContainsFunc(s.List(), func(e Entry) bool { return e.Manifest.Publisher() == k })
}

// History is what is known of an author; empty for a stranger.
func (s *Store) History(k base.Key) *pkg.History {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.history(k)
}

func (s *Store) history(k base.Key) *pkg.History {
	h := &pkg.History{Author: k}
	if known := s.authors[k]; known != nil {
		*h = *known
		h.Releases = slices.Clip(h.Releases)
	}
	return h
}

// Learn takes releases, in order, and evidence (nil: none) of an author. What
// is new is on disk when it returns, also when it returns pkg.ErrConflict.
func (s *Store) Learn(k base.Key, list []*pkg.Release, against *pkg.Evidence) (changed bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	h := s.history(k)
	changed, err = h.Add(list...)
	if against != nil && h.Convict(against) {
		changed = true
	}
	if !changed {
		return false, err
	}
	if s.authors[k] == nil && len(s.authors) >= MaxAuthors && !s.forgetOne() {
		return false, fmt.Errorf("packages: learn: %w", ErrFull)
	}
	if werr := s.cfg.Write(filepath.Join(s.cfg.Dir, k.String()), h.Append(nil)); werr != nil {
		return false, errors.Join(err, fmt.Errorf("packages: learn: %w", werr))
	}
	s.authors[k] = h
	return true, err
}

// forgetOne drops a history that no package here needs; evidence stays.
func (s *Store) forgetOne() bool {
	for k, h := range s.authors { //lint:sorted any of them will do
		if h.Against != nil || slices.ContainsFunc(s.entries, func(e Entry) bool { return e.Manifest.Publisher() == k }) {
			continue
		}
		if err := os.Remove(filepath.Join(s.cfg.Dir, k.String())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false
		}
		delete(s.authors, k)
		return true
	}
	return false
}

// Naming are the authors who have released a package of a name, sorted.
func (s *Store) Naming(name string) []base.Key {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []base.Key
	for k, h := range s.authors { //lint:sorted below
		if slices.ContainsFunc(h.Releases, func(r *pkg.Release) bool { return r.Name == name }) {
			out = append(out, k)
		}
	}
	slices.SortFunc(out, base.Key.Compare)
	return out
}
