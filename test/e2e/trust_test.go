package e2e

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/metatopia/metatopia/node/control"
)

// TestForgedWorldIsRefused: a join link names the charter by its hash, and the
// charter is signed, so nobody can slip another world under it.
func TestForgedWorldIsRefused(t *testing.T) {
	dir := t.TempDir()
	a := filepath.Join(dir, "a")
	_, link := worldOf(t, nil, a, loopback...)
	world := status(t, a).World.ID

	// The genuine link, first: a refusal below must not be for another reason.
	good := filepath.Join(dir, "good")
	u := start(t, nil, good, append(loopback, "--join", link)...)
	if st := status(t, good); st.World == nil || st.World.ID != world {
		t.Fatalf("joined %+v, want %s", st.World, world)
	}
	u.stop(t)

	charter := filepath.Join(dir, "charter")
	must(t, a, "lump", "get", world, "-o", charter)
	b, err := os.ReadFile(charter)
	if err != nil {
		t.Fatal(err)
	}
	i := bytes.Index(b, []byte("Proving Ground"))
	if i < 0 {
		t.Fatal("the charter does not hold the world's name")
	}
	b[i] ^= 1
	forged := must(t, a, "lump", "add", write(t, charter, b))
	noise := must(t, a, "lump", "add", write(t, charter, []byte("this is no charter")))

	for name, cid := range map[string]string{"changed charter": forged, "not a charter": noise} {
		t.Run(name, func(t *testing.T) {
			home := filepath.Join(t.TempDir(), "b")
			start(t, nil, home, loopback...)
			r := cli(t, home, "join", strings.Replace(link, world, cid, 1))
			if r.code != control.ExitFailed || r.err == "" {
				t.Errorf("join: exit code %d, said %q", r.code, r.err)
			}
			t.Logf("said: %s", r.err)
			if st := status(t, home); st.World != nil {
				t.Errorf("it is in a world all the same: %+v", st.World)
			}
		})
	}
	t.Run("not a link", func(t *testing.T) {
		if _, err := tryStart(t, nil, filepath.Join(t.TempDir(), "b"), append(loopback, "--join", "metatopia:nonsense")...); err == nil {
			t.Error("a node started with a link that is none")
		}
	})
}

// TestCorruptedLumpIsRefused: bytes that do not match their hash reach nobody,
// neither here nor over the network.
func TestCorruptedLumpIsRefused(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	_, link := worldOf(t, nil, a, loopback...)
	start(t, nil, b, append(loopback, "--join", link)...)

	// One lump is fetched whole, so that the network is known to work.
	good := must(t, a, "lump", "add", write(t, filepath.Join(dir, "good"), []byte("a good lump, whole")))
	got := must(t, b, "lump", "get", good)
	if got != "a good lump, whole" {
		t.Fatalf("fetched %q", got)
	}

	content := []byte("what the hash promises: " + strings.Repeat("0123456789abcdef", 64))
	bad := must(t, a, "lump", "add", write(t, filepath.Join(dir, "bad"), content))
	n := 0
	err := filepath.WalkDir(a, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		i := bytes.Index(text, content[:24])
		if err != nil || i < 0 {
			return nil //nolint:nilerr // a socket, a lock
		}
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			if err = os.Chmod(path, 0o600); err != nil {
				return err
			}
			if f, err = os.OpenFile(path, os.O_WRONLY, 0); err != nil {
				return err
			}
		}
		n++
		_, err = f.WriteAt([]byte("X"), int64(i))
		return errorsJoinClose(err, f)
	})
	if err != nil || n == 0 {
		t.Fatalf("changed %d files: %v", n, err)
	}
	// Together, since each looks for another source until it gives up.
	t.Run("refused", func(t *testing.T) {
		for name, home := range map[string]string{"here": a, "over the network": b} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				r := cli(t, home, "lump", "get", bad)
				if r.code == 0 || strings.Contains(r.out, "promises") {
					t.Errorf("exit code %d, gave %q", r.code, r.out)
				}
				t.Logf("said: %s", r.err)
			})
		}
	})
	// Adding the true bytes again heals it.
	if again := must(t, a, "lump", "add", filepath.Join(dir, "bad")); again != bad {
		t.Errorf("the same content got %s, then %s", bad, again)
	}
	eventually(t, 30*time.Second, "healed", func() error {
		if r := cli(t, b, "lump", "get", bad); r.out != string(content) {
			return fmt.Errorf("got %.40q: %s", r.out, r.err)
		}
		return nil
	})
}

func errorsJoinClose(err error, f *os.File) error {
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

// TestExitCodes: commands that cannot do their work say so, with the exit code that scripts rely on.
func TestExitCodes(t *testing.T) {
	home := t.TempDir()
	for _, tc := range []struct {
		code int
		args []string
	}{
		{control.ExitUnavailable, []string{"status"}},
		{control.ExitUnavailable, []string{"ps"}},
		{control.ExitUnavailable, []string{"say", "hello"}},
		{control.ExitUsage, []string{"no-such-command"}},
		{control.ExitUsage, []string{"walk", "--to", "nowhere"}},
		{control.ExitUnavailable, []string{"admin", "status"}},
		{control.ExitFailed, []string{"chat", "general"}}, // not implemented yet
		{control.ExitOK, []string{"--help"}},
		{control.ExitOK, []string{"version"}},
	} {
		t.Run(strings.Join(tc.args, " "), func(t *testing.T) {
			r := cli(t, home, tc.args...)
			if r.code != tc.code {
				t.Errorf("exit code %d, want %d\n%s%s", r.code, tc.code, r.out, r.err)
			}
			if tc.code != 0 && (r.err == "" || r.out != "") {
				t.Errorf("words belong on standard error: out %q, err %q", r.out, r.err)
			}
		})
	}
}
