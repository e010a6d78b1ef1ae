package pkg

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// File is one file of a bundle.
type File struct {
	Path string
	Exec bool
	Data []byte
}

// ErrBundle: the bytes are no bundle.
var ErrBundle = errors.New("not a bundle of source")

// PackBundle gives the bundle of files: a tar archive in its oldest form with
// nothing in it but paths, contents and whether a file is a program. The files
// are sorted; no owner, no time, no directory is in it, so that equal files
// give equal bytes everywhere.
func PackBundle(files []File) ([]byte, error) {
	files = slices.Clone(files)
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	if err := checkFiles(files); err != nil {
		return nil, fmt.Errorf("pkg: pack: %w", err)
	}
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, f := range files {
		h := &tar.Header{Typeflag: tar.TypeReg, Name: f.Path, Size: int64(len(f.Data)), Mode: 0o644, Format: tar.FormatUSTAR}
		if f.Exec {
			h.Mode = 0o755
		}
		if err := w.WriteHeader(h); err != nil {
			return nil, fmt.Errorf("pkg: pack %s: %w", f.Path, err)
		}
		if _, err := w.Write(f.Data); err != nil {
			return nil, fmt.Errorf("pkg: pack %s: %w", f.Path, err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("pkg: pack: %w", err)
	}
	if out.Len() > MaxBundle {
		return nil, fmt.Errorf("pkg: pack: %w: %d bytes, at most %d", ErrBundle, out.Len(), MaxBundle)
	}
	return out.Bytes(), nil
}

// checkFiles holds sorted files against the bounds. A path may not lie below
// another: one of the two could not be written.
func checkFiles(files []File) error {
	if len(files) == 0 || len(files) > MaxFiles {
		return fmt.Errorf("%w: %d files, want 1 to %d", ErrBundle, len(files), MaxFiles)
	}
	names := map[string]bool{}
	for _, f := range files {
		if err := CheckPath(f.Path); err != nil {
			return fmt.Errorf("%w: %w", ErrBundle, err)
		}
		if names[f.Path] {
			return fmt.Errorf("%w: %s stands twice", ErrBundle, f.Path)
		}
		names[f.Path] = true
	}
	for _, f := range files {
		for i := range len(f.Path) {
			if f.Path[i] == '/' && names[f.Path[:i]] {
				return fmt.Errorf("%w: %s is a file and a directory", ErrBundle, f.Path[:i])
			}
		}
	}
	return nil
}

// ReadBundle reads what PackBundle writes, and nothing else: an archive with
// links, owners, times or another order is refused.
func ReadBundle(b []byte) ([]File, error) {
	if len(b) > MaxBundle {
		return nil, fmt.Errorf("pkg: read bundle: %w: %d bytes, at most %d", ErrBundle, len(b), MaxBundle)
	}
	var files []File
	r := tar.NewReader(bytes.NewReader(b))
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("pkg: read bundle: %w: %w", ErrBundle, err)
		}
		if h.Typeflag != tar.TypeReg || len(files) == MaxFiles || h.Size > int64(len(b)) {
			return nil, fmt.Errorf("pkg: read bundle: %w: entry %q", ErrBundle, clip(h.Name))
		}
		data := make([]byte, h.Size)
		if _, err := io.ReadFull(r, data); err != nil {
			return nil, fmt.Errorf("pkg: read bundle: %w: %w", ErrBundle, err)
		}
		files = append(files, File{Path: h.Name, Exec: h.Mode&0o100 != 0, Data: data})
	}
	again, err := PackBundle(files)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, b) {
		return nil, fmt.Errorf("pkg: read bundle: %w: not in canonical form", ErrBundle)
	}
	return files, nil
}
