// Package fused looks for instructions that round a product and a sum once. A
// CPU that has them gives other bits than one that has not, so nothing that
// decides a region's state may be compiled to them.
package fused

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
)

// CPUs are those for which the compiler fuses, each as GOARCH and, behind a
// space, what else is set. Lanes are amd64's alone.
var CPUs = []string{"arm64", "amd64 GOAMD64=v3", "amd64 GOAMD64=v3 GOEXPERIMENT=simd", "riscv64", "ppc64le", "s390x", "loong64"}

// instruction matches every fused one of those CPUs.
var instruction = regexp.MustCompile(`(?m)^.*\s(FN?M(ADD|SUB)[DSF]?|V?FN?M(ADD|SUB)(132|213|231)?[SP][SD]|WFN?M[AS][DS]B|VFMA|VFMLA|VFMLS)\s.*$`)

// Assembly compiles packages for one of the CPUs and gives the fused
// instructions, at most 20, and how many functions were looked at: none means
// that nothing was.
func Assembly(cpu string, packages ...string) (functions int, hits []string, err error) {
	arch, extra, _ := strings.Cut(cpu, " ")
	cmd := exec.Command("go", append([]string{"build", "-o", os.DevNull, "-gcflags=-S"}, packages...)...)
	cmd.Env = append(os.Environ(), "GOOS=linux", "CGO_ENABLED=0", "GOEXPERIMENT=", "GOARCH="+arch)
	cmd.Env = append(cmd.Env, strings.Fields(extra)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return 0, nil, fmt.Errorf("go build for %s: %w\n%s", cpu, err, out)
	}
	return bytes.Count(out, []byte(" STEXT ")), find(out), nil
}

// Linked looks at those functions of a linked program whose names match the
// regular expression symbols: what the linker put there may be other than what
// a package was compiled to alone.
func Linked(program, symbols string) (functions int, hits []string, err error) {
	out, err := exec.Command("go", "tool", "objdump", "-s", symbols, program).Output()
	if err != nil {
		return 0, nil, fmt.Errorf("go tool objdump %s: %w", program, err)
	}
	return bytes.Count(out, []byte("TEXT ")), find(out), nil
}

func find(text []byte) (hits []string) {
	for _, h := range instruction.FindAll(text, 20) {
		hits = append(hits, string(h))
	}
	return hits
}
