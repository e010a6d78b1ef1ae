package physics

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/internal/fused"
)

// TestNoFusedInstructions compiles what stands here and below for one CPU that
// can fuse, and reads the assembly; internal/fused does so for all cores and
// CPUs.
func TestNoFusedInstructions(t *testing.T) {
	once(t)
	needGo(t)
	n, hits, err := fused.Assembly("arm64", ".", "./...")
	if err != nil {
		t.Fatal(err)
	}
	if n < 300 {
		t.Errorf("only %d functions seen: the check is void", n)
	}
	if len(hits) > 0 {
		t.Errorf("fused instructions, write float32(a*b):\n%s", strings.Join(hits, "\n"))
	}
}

// TestGoldenOnARM runs the golden tests as arm64 code. It needs qemu's user mode
// emulation (Debian: qemu-user-static).
func TestGoldenOnARM(t *testing.T) {
	once(t)
	needGo(t)
	qemu, err := exec.LookPath("qemu-aarch64-static")
	if err != nil {
		if qemu, err = exec.LookPath("qemu-aarch64"); err != nil {
			t.Skip("no qemu-aarch64-static or qemu-aarch64 in PATH: golden hashes not compared on arm64")
		}
	}
	for _, dir := range []string{".", "./ragdoll", "../spatial/det"} {
		bin := filepath.Join(t.TempDir(), "arm64.test")
		cmd := exec.Command("go", "test", "-c", "-o", bin, dir)
		cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go test -c %s for arm64: %v\n%s", dir, err, out)
		}
		cmd = exec.Command(qemu, bin, "-test.run=^TestGolden$", "-test.v")
		cmd.Dir = dir
		out, err := cmd.CombinedOutput()
		if err != nil || !bytes.Contains(out, []byte("--- PASS: TestGolden")) {
			t.Errorf("%s as arm64: %v\n%s", dir, err, out)
		}
	}
}

// once keeps what compiles for another CPU out of the runs under the race detector
// and on that CPU: it would do the same again.
func once(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("does the same in every run: not in short ones")
	}
}

func needGo(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command: nothing can be compiled")
	}
}
