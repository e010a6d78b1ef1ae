package disk

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/lumpstest"
)

// childDir, when set, makes this test binary a writer that is to be killed.
const childDir = "LUMPS_DISK_CHILD_DIR"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		if err := writeUntilKilled(dir, os.Getenv("LUMPS_DISK_CHILD_SEED")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// writeUntilKilled puts and pins for ever and says so, a line each, after the
// store has acknowledged.
func writeUntilKilled(dir, seed string) error {
	s, err := Open(dir, Config{})
	if err != nil {
		return err
	}
	var say sync.Mutex
	fail := make(chan error)
	for g := range 4 {
		go func() {
			for i := 0; ; i++ {
				size := 1 + (i*7919+g*104729)%300_000
				b := append(lumpstest.Bytes(uint64(i), size), fmt.Sprint(seed, g, i)...)
				r := lumps.Of(b)
				err := s.Put(context.Background(), r, b)
				if err == nil && i%4 == 0 {
					err = s.Pin(context.Background(), r)
				}
				if err != nil {
					fail <- err
					return
				}
				say.Lock()
				fmt.Printf("%s %v\n", r, i%4 == 0)
				say.Unlock()
			}
		}()
	}
	return <-fail
}

// TestKilledWriterLosesNothingAcknowledged kills a writing process at
// arbitrary moments and looks at what the next one finds. It shows that no
// order of our calls exposes half a lump; that the flushes reach the platter
// it cannot show.
func TestKilledWriterLosesNothingAcknowledged(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	acked := map[lumps.Ref]bool{}
	leftovers := 0
	for round := range 12 {
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), childDir+"="+dir, fmt.Sprintf("LUMPS_DISK_CHILD_SEED=%d", round))
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		// Kill after a number of acknowledgements that differs by round; what
		// was said before the kill arrived still counts.
		for n := 0; lines.Scan(); n++ {
			ref, pinned, ok := strings.Cut(lines.Text(), " ")
			r, err := lumps.Parse(ref)
			if !ok || err != nil || pinned != "true" && pinned != "false" {
				continue // the last line, cut by the kill
			}
			acked[r] = pinned == "true"
			if n == 3+round*5 {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		var died *exec.ExitError
		if err := cmd.Wait(); !errors.As(err, &died) || died.Success() || died.ExitCode() != -1 {
			t.Fatalf("the writer was not killed: %v", err)
		}
		leftovers += files(t, filepath.Join(dir, "tmp"))
	}
	if len(acked) < 100 {
		t.Fatalf("only %d lumps acknowledged in all", len(acked))
	}
	checkAfterKill(t, dir, acked)
	t.Logf("%d lumps acknowledged, %d half-written files cleaned up", len(acked), leftovers)
}

func checkAfterKill(t *testing.T, dir string, acked map[lumps.Ref]bool) {
	t.Helper()
	s := open(t, dir, Config{})
	if n := files(t, filepath.Join(dir, "tmp")); n != 0 {
		t.Errorf("%d temporary files after Open", n)
	}
	for r, pin := range acked {
		if _, err := s.Get(t.Context(), r); err != nil {
			t.Errorf("acknowledged, then: %v", err)
		}
		if ok, err := s.Pinned(t.Context(), r); ok != pin && pin || err != nil {
			t.Errorf("pin of %s acknowledged, then %v, %v", r, ok, err)
		}
	}
	// What was not acknowledged may be there or not, but never torn.
	for e, err := range s.List(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		if b, err := s.Get(t.Context(), e.Ref); err != nil || int64(len(b)) != e.Size {
			t.Errorf("lump of %d bytes: %d, %v", e.Size, len(b), err)
		}
	}
	if n := files(t, filepath.Join(dir, "corrupt")); n != 0 {
		t.Errorf("%d lumps were set aside", n)
	}
}
