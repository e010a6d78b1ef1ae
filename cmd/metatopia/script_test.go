package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/control/controltest"
)

var rewrite = flag.Bool("rewrite", false, "write the transcripts in testdata anew")

// The test binary is the command when this variable is set, so that tests run
// real processes without building another binary.
const asCommand = "METATOPIA_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		startNode = startFake
		main()
		return
	}
	os.Exit(m.Run())
}

// fakeNode is a node without a network.
type fakeNode struct{ b *controltest.Backend }

func (n fakeNode) Backend() control.Backend     { return n.b }
func (n fakeNode) SetEndpoints(web, tel string) { n.b.SetEndpoints(web, tel) }
func (n fakeNode) Done() <-chan struct{}        { return n.b.Done() }
func (n fakeNode) Close(context.Context) error  { return nil }

func startFake(_ context.Context, c nodeConfig) (runningNode, error) {
	if strings.HasPrefix(c.Name, "broken") {
		return nil, errors.New("node: it does not start")
	}
	b := controltest.New()
	b.Name = fmt.Sprintf("%s mdns=%v join=%s listen=%v", c.Name, c.MDNS, c.Join, c.Listen)
	return fakeNode{b}, nil
}

// command prepares a process of this binary as the command. No variable or
// file of the person who runs the tests reaches it.
func command(t *testing.T, dir string, args ...string) *exec.Cmd {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, args...)
	cmd.Dir = dir
	cmd.Env = []string{asCommand + "=1", "HOME=" + dir, "XDG_DATA_HOME=" + dir, "XDG_CONFIG_HOME=" + filepath.Join(dir, "config"), "TMPDIR=" + dir}
	return cmd
}

// The transcripts in testdata/*.script: a line "$ metatopia ARGS" runs a
// process, "< TEXT" before it is its input; below it stand its output ("1 "),
// its words ("2 ") and its exit code in brackets. "# node" starts a node for
// the rest of the file, "# proof" writes a region's charter and certificates.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.script")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".script"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, string(want))
			if *rewrite {
				if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(want) {
				t.Errorf("%s differs:\n%s", file, differ(string(want), got))
			}
		})
	}
}

func play(t *testing.T, script string) string {
	dir := t.TempDir()
	home := filepath.Join(dir, "metatopia")
	var out strings.Builder
	var input string
	for l := range strings.Lines(script) {
		switch {
		case strings.HasPrefix(l, "1 "), strings.HasPrefix(l, "2 "), strings.HasPrefix(l, "["):
			continue // made anew below
		case strings.TrimSpace(l) == "# node":
			startNodeFor(t, home)
		case strings.TrimSpace(l) == "# proof":
			proofOfOffice(t, dir, home)
		case strings.HasPrefix(l, "# file "):
			name, content, _ := strings.Cut(strings.TrimSpace(l[len("# file "):]), " ")
			path := filepath.Join(dir, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		case strings.HasPrefix(l, "< "):
			input = strings.TrimSuffix(l[2:], "\n")
		}
		out.WriteString(l)
		if strings.HasPrefix(l, "$ ") {
			words := split(t, l[2:])
			var vars []string
			for strings.Contains(words[0], "=") {
				vars, words = append(vars, words[0]), words[1:]
			}
			cmd := command(t, dir, words[1:]...)
			cmd.Env = append(cmd.Env, vars...)
			out.WriteString(transcript(t, cmd, input, dir))
			input = ""
		}
	}
	return out.String()
}

func startNodeFor(t *testing.T, home string) {
	t.Helper()
	s, err := control.NewServer(control.Config{Backend: controltest.New()})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.ServeUnix(control.SocketPath(home)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
}

func transcript(t *testing.T, cmd *exec.Cmd, input, dir string) string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	var out strings.Builder
	for i, b := range []string{stdout.String(), stderr.String()} {
		for l := range strings.Lines(strings.ReplaceAll(b, dir, "$DIR")) {
			fmt.Fprintf(&out, "%d %s\n", i+1, strings.TrimRight(l, " \n"))
		}
	}
	fmt.Fprintf(&out, "[%d]\n", cmd.ProcessState.ExitCode())
	return out.String()
}

// split takes a command line apart as a shell would, with double quotes only.
func split(t *testing.T, s string) []string {
	t.Helper()
	var words []string
	word, quoted, any := "", false, false
	for _, r := range strings.TrimSpace(s) {
		switch {
		case r == '"':
			quoted, any = !quoted, true
		case r == ' ' && !quoted:
			if any {
				words = append(words, word)
			}
			word, any = "", false
		default:
			word += string(r)
			any = true
		}
	}
	if quoted {
		t.Fatalf("open quote in %q", s)
	}
	if any {
		words = append(words, word)
	}
	return words
}

// differ shows the first lines that are not the same.
func differ(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range w {
		if i >= len(g) || w[i] != g[i] {
			from := max(i-3, 0)
			return fmt.Sprintf("line %d\nwant %s\ngot  %s", i+1,
				strings.Join(slices.Clone(w[from:min(i+4, len(w))]), "\n     "), strings.Join(g[from:min(i+4, len(g))], "\n     "))
		}
	}
	return got
}
