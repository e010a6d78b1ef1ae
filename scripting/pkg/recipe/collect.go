package recipe

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/metatopia/metatopia/scripting/pkg"
)

// Collect reads the source of a package: the files of dir that the plan's
// patterns name, or all of them, and the package file itself as pkg.FileName.
// A pattern is a path with * and ? as path.Match knows them, or a directory
// with a slash at its end for all that is below. Without patterns, what begins
// with a dot, node_modules and modules (*.wasm) but for those that a prebuilt
// package begins with stay out. Links are not followed.
func Collect(dir string, plan *pkg.Plan, planFile []byte) ([]pkg.File, error) {
	files := []pkg.File{{Path: pkg.FileName, Data: planFile}}
	total := len(planFile)
	used := make([]bool, len(plan.Source))
	entry := map[string]bool{}
	for _, e := range plan.Modules { //lint:sorted a set
		entry[e] = true
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("recipe: collect: %w", err)
	}
	defer root.Close()
	err = fs.WalkDir(root.FS(), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		hidden := strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules"
		if d.IsDir() {
			if p != "." && hidden {
				return fs.SkipDir
			}
			return nil
		}
		if !d.Type().IsRegular() || p == pkg.FileName {
			return nil
		}
		take := len(plan.Source) == 0 && !hidden && (path.Ext(p) != ".wasm" || plan.Build.Tool == "prebuilt" && entry[p])
		for i, pattern := range plan.Source {
			if matches(pattern, p) {
				take, used[i] = true, true
			}
		}
		if !take {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if total += int(min(info.Size(), pkg.MaxBundle)); total > pkg.MaxBundle || len(files) == pkg.MaxFiles {
			return fmt.Errorf("%w: more than %d bytes or %d files: name the source's files in %s", pkg.ErrBundle, pkg.MaxBundle, pkg.MaxFiles, pkg.FileName)
		}
		data, err := readAt(root, p)
		if err != nil {
			return err
		}
		files = append(files, pkg.File{Path: p, Exec: info.Mode()&0o100 != 0, Data: data})
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("recipe: collect %s: %w", filepath.Base(dir), err)
	}
	for i, ok := range used {
		if !ok {
			return nil, fmt.Errorf("recipe: collect: %w: no file is named by %q", ErrRecipe, plan.Source[i])
		}
	}
	return files, nil
}

func readAt(root *os.Root, p string) ([]byte, error) {
	f, err := root.Open(p)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, pkg.MaxBundle+1))
	if err == nil && len(b) > pkg.MaxBundle {
		err = fmt.Errorf("%w: %s has more than %d bytes", pkg.ErrBundle, p, pkg.MaxBundle)
	}
	return b, err
}

func matches(pattern, p string) bool {
	if dir, ok := strings.CutSuffix(pattern, "/"); ok {
		return strings.HasPrefix(p, dir+"/")
	}
	ok, err := path.Match(pattern, p)
	return ok && err == nil
}
