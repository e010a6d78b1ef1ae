package e2e

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var kuboPath = flag.String("kubo", "", "an ipfs program (Kubo 0.42), or \"build\" to build one in the user's cache; empty leaves its test out")

const kuboVersion = "v0.42.0"

// kuboBinary gives the program. It is built in a module of its own: its
// requirements are not ours.
func kuboBinary(t *testing.T) string {
	t.Helper()
	switch *kuboPath {
	case "":
		t.Skip("needs Kubo: go test ./test/e2e -run Kubo -kubo build (several minutes the first time), or -kubo PATH; make soak does")
	case "build":
	default:
		return *kuboPath
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(cache, "metatopia", "kubo-"+kuboVersion, "ipfs")
	if _, err := os.Stat(bin); err == nil {
		return bin
	}
	dir := t.TempDir()
	// Not `go install PATH@VERSION`: it asks for a list of versions that
	// some proxies do not give.
	for _, args := range [][]string{
		{"mod", "init", "kubo"},
		{"get", "github.com/ipfs/kubo/cmd/ipfs@" + kuboVersion},
		{"build", "-trimpath", "-o", bin, "github.com/ipfs/kubo/cmd/ipfs"},
	} {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	return bin
}

// kubo is a running Kubo that reaches nobody but whom it is told to.
type kubo struct {
	t   *testing.T
	bin string
	env []string
}

func startKubo(t *testing.T, profile string) *kubo {
	t.Helper()
	dir := t.TempDir()
	k := &kubo{t: t, bin: kuboBinary(t), env: append(os.Environ(), "IPFS_PATH="+dir, "IPFS_TELEMETRY=off")}
	k.run(nil, "init", "--profile=test,autoconf-off"+profile)
	path := filepath.Join(dir, "config")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var cfg map[string]any
	if err := json.Unmarshal(b, &cfg); err != nil {
		t.Fatal(err)
	}
	set := func(v any, path ...string) {
		m := cfg
		for _, p := range path[:len(path)-1] {
			next, ok := m[p].(map[string]any)
			if !ok {
				next = map[string]any{}
				m[p] = next
			}
			m = next
		}
		m[path[len(path)-1]] = v
	}
	set("none", "Routing", "Type")
	set([]string{}, "Bootstrap")
	set([]string{"/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1"}, "Addresses", "Swarm")
	set("/ip4/127.0.0.1/tcp/0", "Addresses", "API")
	set("", "Addresses", "Gateway")
	set(false, "Discovery", "MDNS", "Enabled")
	set(true, "Swarm", "DisableNatPortMap")
	set(false, "Swarm", "RelayClient", "Enabled")
	set(false, "Swarm", "RelayService", "Enabled")
	set(false, "AutoTLS", "Enabled")
	set(false, "AutoConf", "Enabled")
	set(false, "Version", "SwarmCheckEnabled")
	set(false, "HTTPRetrieval", "Enabled")
	if b, err = json.Marshal(cfg); err == nil {
		err = os.WriteFile(path, b, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(k.bin, "daemon")
	cmd.Env = k.env
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ready, ended := make(chan bool, 1), make(chan struct{})
	go func() {
		defer close(ended)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if strings.Contains(lines.Text(), "Daemon is ready") {
				ready <- true
			}
		}
		_ = cmd.Wait() // it is killed
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may be gone
		<-ended
	})
	select {
	case <-ready:
	case <-ended:
		t.Fatalf("ipfs daemon ended\n%s", errs.String())
	case <-time.After(startWait):
		t.Fatal("ipfs daemon is not ready")
	}
	return k
}

func (k *kubo) run(stdin io.Reader, args ...string) string {
	k.t.Helper()
	cmd := exec.CommandContext(k.t.Context(), k.bin, args...)
	cmd.Env, cmd.Stdin = k.env, stdin
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		k.t.Fatalf("ipfs %s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return out.String()
}

// TestKuboBothWays: Kubo and a node that was started with --ipfs, connected
// over loopback, fetch each other's files by name.
func TestKuboBothWays(t *testing.T) {
	k := startKubo(t, "")
	home := filepath.Join(t.TempDir(), "node")
	start(t, nil, home, append(loopback, "--ipfs")...)
	addrs := status(t, home).Addrs
	if len(addrs) == 0 {
		t.Fatal("the node has no address")
	}
	k.run(nil, "swarm", "connect", addrs[0])
	var sources [32]byte
	files := func(from string, each func(name string, size int, content []byte)) {
		for _, size := range []int{0, 10, 1 << 20, 1<<20 + 1, 64 << 20} {
			sources[0]++
			content := make([]byte, size)
			_, _ = rand.NewChaCha8(sources).Read(content) // it never fails
			began := time.Now()
			each(fmt.Sprintf("%s-%d", from, size), size, content)
			t.Logf("%s: %d bytes in %v", from, size, time.Since(began).Round(time.Millisecond))
		}
	}
	dir := t.TempDir()
	files("ours, read by Kubo", func(name string, size int, content []byte) {
		cid := must(t, home, "lump", "add", write(t, filepath.Join(dir, name), content))
		if got := k.run(nil, "cat", "--timeout=2m", cid); got != string(content) {
			t.Errorf("Kubo reads %d bytes of %d", len(got), size)
		}
	})
	get := func(cid string, content []byte) {
		t.Helper()
		path := filepath.Join(dir, "got")
		must(t, home, "lump", "get", cid, "-o", path)
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, content) {
			t.Errorf("%s: we read %d bytes of %d, %v", cid, len(got), len(content), err)
		}
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
	files("Kubo's, in pieces of 256 KiB, read by us", func(_ string, _ int, content []byte) {
		get(strings.TrimSpace(k.run(bytes.NewReader(content), "add", "-Q", "--cid-version=1")), content)
	})
	k.run(nil, "config", "profile", "apply", "unixfs-v1-2025")
	files("Kubo's, by the profile unixfs-v1-2025, read by us", func(name string, _ int, content []byte) {
		cid := strings.TrimSpace(k.run(bytes.NewReader(content), "add", "-Q"))
		get(cid, content)
		if own := must(t, home, "lump", "add", write(t, filepath.Join(dir, name), content)); own != cid {
			t.Errorf("the same %d bytes are %s to us and %s to Kubo", len(content), own, cid)
		}
	})
	// A name of version 0 is refused, and the error says what to do.
	old := strings.TrimSpace(k.run(strings.NewReader("old"), "add", "-Q", "--cid-version=0", "--raw-leaves=false"))
	if r := cli(t, home, "lump", "get", old); r.code == 0 || !strings.Contains(r.err, "b") {
		t.Errorf("lump get %s: code %d, %s", old, r.code, r.err)
	}
}
