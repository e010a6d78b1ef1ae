package physics

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// fusedRE matches every instruction of the CPUs below that rounds a product
// and a sum once.
var fusedRE = regexp.MustCompile(`(?m)^.*\s(FN?M(ADD|SUB)[DSF]?|V?FN?M(ADD|SUB)(132|213|231)?[SP][SD]|WFN?M[AS][DS]B|VFMA|VFMLA|VFMLS)\s.*$`)

// assembly is what the compiler makes of packages for one CPU, and how many
// functions it made.
func assembly(t *testing.T, cpu string, packages ...string) (text []byte, functions int) {
	t.Helper()
	arch, extra, _ := strings.Cut(cpu, " ")
	cmd := exec.Command("go", append([]string{"build", "-o", os.DevNull, "-gcflags=-S"}, packages...)...)
	cmd.Env = append(os.Environ(), "GOOS=linux", "CGO_ENABLED=0", "GOARCH="+arch)
	if extra != "" {
		cmd.Env = append(cmd.Env, extra)
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go build for %s: %v\n%s", cpu, err, out)
	}
	return out, bytes.Count(out, []byte(" STEXT "))
}

// TestNoFusedInstructions compiles what decides a region's bits for CPUs that
// can fuse, and reads the assembly. A package made to be fused must be found,
// or the check itself is broken.
func TestNoFusedInstructions(t *testing.T) {
	needGo(t)
	cpus := []string{"arm64"}
	if !testing.Short() {
		cpus = append(cpus, "amd64 GOAMD64=v3", "riscv64")
	}
	for _, cpu := range cpus {
		text, n := assembly(t, cpu, ".", "../spatial", "../spatial/det")
		if n < 300 {
			t.Errorf("%s: only %d functions seen: the check is void", cpu, n)
		}
		if hits := fusedRE.FindAll(text, 5); hits != nil {
			t.Errorf("%s: fused instructions, write float32(a*b):\n%s", cpu, bytes.Join(hits, []byte("\n")))
		}
		text, n = assembly(t, cpu, "./testdata/fused")
		if hits := fusedRE.FindAll(text, -1); n == 0 || len(hits) < 3 {
			t.Errorf("%s: %d fused instructions found in %d functions made to have them", cpu, len(hits), n)
		}
	}
}

// TestGoldenOnARM runs the golden tests of this package and of spatial/det as
// arm64 code. It needs qemu's user mode emulation (Debian: qemu-user-static).
func TestGoldenOnARM(t *testing.T) {
	needGo(t)
	qemu, err := exec.LookPath("qemu-aarch64-static")
	if err != nil {
		if qemu, err = exec.LookPath("qemu-aarch64"); err != nil {
			t.Skip("no qemu-aarch64-static or qemu-aarch64 in PATH: golden hashes not compared on arm64")
		}
	}
	for _, dir := range []string{".", "../spatial/det"} {
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

func needGo(t *testing.T) {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command: nothing can be compiled")
	}
}
