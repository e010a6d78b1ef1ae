package lab

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestHashes prints what TestSameOnARM compares.
func TestHashes(t *testing.T) {
	if os.Getenv("METATOPIA_HASHES") == "" {
		t.Skip("METATOPIA_HASHES is not set")
	}
	for _, h := range lossyHashes(t) {
		fmt.Printf("hash %016x\n", h)
	}
}

func lossyHashes(t *testing.T) []uint64 {
	pile := Pile()
	pile.Things = pile.Things[:32]
	l := newLab(t, Config{Regions: 2, Lag: 2, Steps: 3, Loss: 100, Double: 100, Jitter: 2, Skew: 5, Seed: 11}, pile, Flight(), Roll())
	var list []uint64
	for range 12 {
		for range 5 {
			l.Step()
		}
		list = append(list, l.hashes()...)
	}
	return list
}

// TestSameOnARM runs two regions with a bad network as arm64 code and compares
// their hashes with this machine's. It needs qemu's user mode emulation
// (Debian: qemu-user-static) and METATOPIA_SOAK=1.
func TestSameOnARM(t *testing.T) {
	if os.Getenv("METATOPIA_SOAK") == "" || runtime.GOARCH != "amd64" {
		t.Skip("METATOPIA_SOAK is not set")
	}
	qemu, err := exec.LookPath("qemu-aarch64-static")
	if err != nil {
		t.Skip("no qemu-aarch64-static in PATH")
	}
	bin := filepath.Join(t.TempDir(), "lab")
	build := exec.Command("go", "test", "-c", "-o", bin, ".")
	build.Env = append(os.Environ(), "GOARCH=arm64", "CGO_ENABLED=0", "GOEXPERIMENT=")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	run := exec.Command(qemu, bin, "-test.run=^TestHashes$")
	run.Env = append(os.Environ(), "METATOPIA_HASHES=1")
	out, err := run.Output()
	if err != nil {
		t.Fatal(err)
	}
	var want bytes.Buffer
	for _, h := range lossyHashes(t) {
		fmt.Fprintf(&want, "hash %016x\n", h)
	}
	if !strings.HasPrefix(string(out), want.String()) {
		t.Errorf("arm64 gives\n%s\nand amd64\n%s", out, want.String())
	}
}
