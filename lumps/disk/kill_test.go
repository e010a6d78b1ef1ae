package disk

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/metatopia/metatopia/lumps/keep"
)

var (
	kills    = flag.Int("kills", 20, "how often TestKilledWriterLosesNothingAcknowledged kills")
	killSeed = flag.Uint64("killseed", 1, "what it does and when it kills")
	killDir  = flag.String("killdir", "", "where it keeps its store, to go on after an interruption; removed when it succeeds")
)

// childEnv, when set, makes this test binary a writer that is to be killed:
// "ROUND SEED LINES SPIN DIR".
const childEnv = "LUMPS_DISK_CHILD"

func TestMain(m *testing.M) {
	if args := os.Getenv(childEnv); args != "" {
		fmt.Fprintln(os.Stderr, "lumps/disk: child:", workUntilKilled(args))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// TestKilledWriterLosesNothingAcknowledged kills a process that adds, reads,
// pins, unpins and sweeps, at arbitrary moments, and looks each time at what
// is left. It shows that no order of our calls exposes half a lump or drops
// what was acknowledged; what a power cut leaves, TestPowerCut looks at.
func TestKilledWriterLosesNothingAcknowledged(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := *killDir
	if dir == "" {
		dir = t.TempDir()
	} else if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	o := newOracle(t, dir)
	begin, began := o.round, time.Now()
	for o.round < *kills {
		o.begin()
		rng := rand.New(rand.NewPCG(*killSeed, uint64(o.round)))
		// After so many acknowledgements and so many microseconds; now and
		// then while it opens the store.
		lines, spin := rng.IntN(120), rng.IntN(3000)
		if rng.IntN(16) == 0 {
			lines, spin = 0, rng.IntN(60_000)
		}
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d %d %d %d %s", childEnv, o.round, *killSeed, lines, spin, dir))
		cmd.Stderr = os.Stderr
		var died *exec.ExitError
		if err := cmd.Run(); !errors.As(err, &died) || died.ExitCode() != -1 {
			t.Fatalf("round %d: the writer was not killed: %v", o.round, err)
		}
		o.read()
		o.check()
		if t.Failed() {
			t.Fatalf("after kill %d of seed %d; the store and its journal are in %s", o.round, *killSeed, keepFailed(t, dir))
		}
		if o.round%100 == 0 {
			t.Logf("%d kills: %s", o.round, o)
		}
	}
	if o.acked < 10*(o.round-begin) {
		t.Errorf("only %d acknowledgements", o.acked)
	}
	t.Logf("%d kills in %v: %s", o.round-begin, time.Since(began).Round(time.Second), o)
	if *killDir != "" {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	}
}

// keepFailed moves a temporary directory where it survives the test.
func keepFailed(t *testing.T, dir string) string {
	if *killDir != "" {
		return dir
	}
	to, err := os.MkdirTemp("", "metatopia-kills-")
	if err == nil {
		err = os.Rename(dir, filepath.Join(to, "kept"))
	}
	if err != nil {
		t.Log(err)
		return dir
	}
	return to
}

func keeping(s *Store) (*keep.Store, error) { return keep.New(keep.Config{Under: s}) }
