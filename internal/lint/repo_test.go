package lint

import (
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// tree is the whole repository as the go command sees it; loaded once, since
// export data of the cores needs a compile.
var tree = sync.OnceValues(func() ([]Package, error) {
	root, err := Root(".")
	if err != nil {
		return nil, err
	}
	return List(root, false, "./...")
})

func load(t *testing.T) (root string, pkgs []Package) {
	t.Helper()
	root, err := Root(".")
	if err != nil {
		t.Fatal(err)
	}
	pkgs, err = tree()
	if err != nil {
		t.Fatal(err)
	}
	return root, pkgs
}

func report(t *testing.T, fs []Finding) {
	t.Helper()
	for _, f := range fs {
		t.Error(f)
	}
}

// TestImportTable: design, section 3.
func TestImportTable(t *testing.T) {
	_, pkgs := load(t)
	report(t, Imports(pkgs))
}

func TestPackagesAreDocumented(t *testing.T) {
	_, pkgs := load(t)
	report(t, Docs(pkgs))
}

// TestCores type-checks the pure packages and runs both rules on them.
func TestCores(t *testing.T) {
	root, pkgs := load(t)
	var paths []string
	for _, p := range pkgs {
		if IsCore(p.Ours()) || IsSim(p.Ours()) {
			paths = append(paths, p.ImportPath)
		}
	}
	withTypes, err := List(root, true, paths...)
	if err != nil {
		t.Fatal(err)
	}
	sources, err := Sources(root, withTypes, func(path string) bool { return IsCore(path) || IsSim(path) })
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sources {
		t.Run(strings.ReplaceAll(s.Path, "/", "_"), func(t *testing.T) {
			if IsCore(s.Path) {
				report(t, Core(s))
			}
			if IsSim(s.Path) {
				report(t, Floats(s))
			}
		})
	}
}

func TestFilesAreShort(t *testing.T) {
	eachFile(t, func(rel string, text []byte) []Finding { return Length(rel, text) },
		".go", ".ts", ".js", ".mjs", ".css", ".html", ".sh")
}

func TestNoTestSleeps(t *testing.T) {
	eachFile(t, func(rel string, text []byte) []Finding {
		if !strings.HasSuffix(rel, "_test.go") {
			return nil
		}
		fs, err := Sleeps(rel, text)
		if err != nil {
			t.Error(err)
		}
		return fs
	}, ".go")
}

func TestDocsLinksResolve(t *testing.T) {
	root, _ := load(t)
	eachFile(t, func(rel string, text []byte) []Finding {
		return Links(filepath.Join(root, rel), text)
	}, ".md")
}

// eachFile reads every file with one of the extensions; finding none fails,
// so that a moved directory cannot switch a rule off.
func eachFile(t *testing.T, rule func(rel string, text []byte) []Finding, exts ...string) {
	t.Helper()
	root, _ := load(t)
	paths, err := Files(root, exts...)
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Fatalf("no %v file below %s", exts, root)
	}
	for _, p := range paths {
		text, err := read(p)
		if err != nil {
			t.Fatal(err)
		}
		rel, err := filepath.Rel(root, p)
		if err != nil {
			t.Fatal(err)
		}
		report(t, rule(rel, text))
	}
}
