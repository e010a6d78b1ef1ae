package e2e

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// bin is the program under test, artifacts where to keep what people look at.
var bin, artifacts string

// root is the repository.
const root = "../.."

func TestMain(m *testing.M) {
	flag.Parse()
	if testing.Short() {
		fmt.Println("e2e: left out with -short")
		return
	}
	code, err := run(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		os.Exit(1)
	}
	os.Exit(code)
}

func run(m *testing.M) (int, error) {
	artifacts = os.Getenv("METATOPIA_ARTIFACTS")
	if artifacts == "" {
		artifacts = filepath.Join(root, "test", "artifacts")
	}
	var err error
	if artifacts, err = filepath.Abs(artifacts); err != nil {
		return 1, err
	}
	if err := os.MkdirAll(artifacts, 0o755); err != nil {
		return 1, err
	}
	bin = os.Getenv("METATOPIA_BIN")
	if bin == "" {
		dir, err := os.MkdirTemp("", "metatopia-e2e-")
		if err != nil {
			return 1, err
		}
		defer os.RemoveAll(dir) //nolint:errcheck // a temporary directory
		bin = filepath.Join(dir, "metatopia")
		cmd := exec.Command("go", "build", "-trimpath", "-o", bin, "./cmd/metatopia")
		cmd.Dir = root
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return 1, fmt.Errorf("build: %w\n%s", err, out)
		}
	}
	if bin, err = filepath.Abs(bin); err != nil {
		return 1, err
	}
	return m.Run(), nil
}
