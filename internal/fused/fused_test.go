package fused_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/internal/fused"
	"github.com/metatopia/metatopia/internal/lint"
)

// cores are the packages that compute what a region is.
func cores(t *testing.T) (paths []string) {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command: nothing can be compiled")
	}
	root, err := lint.Root(".")
	if err != nil {
		t.Fatal(err)
	}
	pkgs, err := lint.List(root, false, "./spatial/...", "./physics/...", "./region/...")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range pkgs {
		if lint.IsCore(p.Ours()) && lint.IsSim(p.Ours()) {
			paths = append(paths, p.ImportPath)
		}
	}
	return paths
}

// TestCores compiles them for CPUs that can fuse, and reads the assembly. A
// package made to be fused must be found, or the check itself is broken.
func TestCores(t *testing.T) {
	packages := cores(t)
	cpus := fused.CPUs
	if testing.Short() {
		cpus = cpus[:1]
	}
	for _, cpu := range cpus {
		n, hits, err := fused.Assembly(cpu, packages...)
		if err != nil {
			t.Fatal(err)
		}
		if n < 1000 {
			t.Errorf("%s: only %d functions of %d packages seen: the check is void", cpu, n, len(packages))
		}
		if len(hits) > 0 {
			t.Errorf("%s: fused instructions, write float32(a*b):\n%s", cpu, strings.Join(hits, "\n"))
		}
		n, hits, err = fused.Assembly(cpu, "./testdata")
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 || len(hits) < 3 {
			t.Errorf("%s: %d fused instructions found in %d functions made to have them", cpu, len(hits), n)
		}
	}
}

// TestLinked reads what stands of them in the command, linked for arm64.
func TestLinked(t *testing.T) {
	if testing.Short() {
		t.Skip("it compiles the whole command for another CPU")
	}
	packages := cores(t)
	program := filepath.Join(t.TempDir(), "metatopia")
	cmd := exec.Command("go", "build", "-trimpath", "-o", program, lint.Module+"/cmd/metatopia")
	cmd.Env = append(os.Environ(), "GOOS=linux", "CGO_ENABLED=0", "GOEXPERIMENT=", "GOARCH=arm64")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build for arm64: %v\n%s", err, out)
	}
	n, hits, err := fused.Linked(program, `^`+lint.Module+`/(spatial|physics|region)[/.]`)
	if err != nil {
		t.Fatal(err)
	}
	if n < 500 {
		t.Errorf("only %d functions of %d packages seen: the check is void", n, len(packages))
	}
	if len(hits) > 0 {
		t.Errorf("fused instructions, write float32(a*b):\n%s", strings.Join(hits, "\n"))
	}
}
