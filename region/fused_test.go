package region

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"testing"
)

var fused = regexp.MustCompile(`(?m)^.*\s(FN?M(ADD|SUB)[DS])\s.*$`)

// TestNoFusedInstructions reads what the compiler makes of this package for
// arm64, where an unguarded a*b+c rounds once instead of twice and would give
// another state than amd64. Package physics has the positive control.
func TestNoFusedInstructions(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command in PATH: assembly not checked")
	}
	cmd := exec.Command("go", "build", "-o", os.DevNull, "-gcflags=-S", ".")
	cmd.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go build for arm64: %v\n%s", err, out)
	}
	if n := bytes.Count(out, []byte(" STEXT ")); n < 100 {
		t.Fatalf("only %d functions seen: the check is void", n)
	}
	if hits := fused.FindAll(out, 5); hits != nil {
		t.Errorf("fused instructions, write float32(a*b):\n%s", bytes.Join(hits, []byte("\n")))
	}
}
