package lumpbench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// kubo is two daemons of another IPFS implementation, alone with each other on
// loopback.
type kubo struct {
	b      *bench
	from   *daemon
	to     *daemon
	addr   string // of from
	seed   uint64 // of the content
	remove func()
}

type daemon struct {
	bin, repo string
	cmd       *exec.Cmd
}

func (b *bench) newKubo(ctx context.Context) (k *kubo, err error) {
	dir, remove, err := b.place()
	if err != nil {
		return nil, err
	}
	k = &kubo{b: b, seed: b.Seed, remove: remove}
	defer func() {
		if err != nil {
			k.close()
		}
	}()
	if k.from, err = b.startKubo(ctx, filepath.Join(dir, "a")); err != nil {
		return k, err
	}
	if k.to, err = b.startKubo(ctx, filepath.Join(dir, "b")); err != nil {
		return k, err
	}
	addrs, err := k.from.run(ctx, nil, "id", "-f", "<addrs>")
	if err != nil {
		return k, err
	}
	for _, a := range strings.Fields(addrs) {
		if strings.Contains(a, "/"+b.Transport) && strings.HasPrefix(a, "/ip4/127.0.0.1/") {
			k.addr = a
			return k, nil
		}
	}
	return k, fmt.Errorf("no address for %s in %q", b.Transport, addrs)
}

// startKubo makes a private repository without anything that talks to others,
// and starts its daemon.
func (b *bench) startKubo(ctx context.Context, repo string) (*daemon, error) {
	d := &daemon{bin: b.Kubo, repo: repo}
	if _, err := d.run(ctx, nil, "init", "--profile=test,autoconf-off"); err != nil {
		return nil, err
	}
	listen := `["/ip4/127.0.0.1/udp/0/quic-v1"]`
	if b.Transport == "tcp" {
		listen = `["/ip4/127.0.0.1/tcp/0"]`
	}
	for _, kv := range [][2]string{
		{"Routing.Type", `"none"`}, {"AutoTLS.Enabled", "false"}, {"Swarm.RelayClient.Enabled", "false"},
		{"Discovery.MDNS.Enabled", "false"}, {"Swarm.DisableNatPortMap", "true"}, {"Addresses.Swarm", listen},
	} {
		if _, err := d.run(ctx, nil, "config", "--json", kv[0], kv[1]); err != nil {
			return nil, err
		}
	}
	d.cmd = d.command(context.WithoutCancel(ctx), "daemon")
	out, err := d.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := d.cmd.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.Contains(lines.Text(), "Daemon is ready") {
			go func() { _, _ = io.Copy(io.Discard, out) }() // it must not block on its words
			return d, nil
		}
	}
	d.stop()
	return nil, fmt.Errorf("the daemon ended before it was ready")
}

func (d *daemon) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, d.bin, args...)
	cmd.Env = append(os.Environ(), "IPFS_PATH="+d.repo, "IPFS_TELEMETRY=off")
	return cmd
}

// run gives what a command prints.
func (d *daemon) run(ctx context.Context, in io.Reader, args ...string) (string, error) {
	cmd := d.command(ctx, args...)
	var out, words bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, &out, &words
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("ipfs %s: %w: %s", args[0], err, bytes.TrimSpace(words.Bytes()))
	}
	return strings.TrimSpace(out.String()), nil
}

// fetch has the first daemon add a content, with the same leaves and the same
// tree as ours, and the second pin it, which fetches and stores it but hands it
// to nobody. Each time it is another content: forgetting one takes long.
func (k *kubo) fetch(ctx context.Context) (time.Duration, error) {
	k.seed++
	cid, err := k.from.run(ctx, newContent(k.seed, k.b.Bytes), "add", "-Q", "--pin=false", "--cid-version=1", "--raw-leaves",
		"--chunker=size-1048576", "--max-file-links=1024")
	if err != nil {
		return 0, err
	}
	// They part when they have nothing to do.
	if _, err := k.to.run(ctx, nil, "swarm", "connect", k.addr); err != nil {
		return 0, err
	}
	began := time.Now()
	if _, err := k.to.run(ctx, nil, "pin", "add", cid); err != nil {
		return 0, err
	}
	took := time.Since(began)
	return took, errors.Join(hollow(filepath.Join(k.from.repo, "blocks")), hollow(filepath.Join(k.to.repo, "blocks")))
}

func (d *daemon) stop() {
	if d != nil && d.cmd != nil && d.cmd.Process != nil {
		_ = d.cmd.Process.Kill() // it has nothing to lose
		_ = d.cmd.Wait()
	}
}

func (k *kubo) close() {
	k.to.stop()
	k.from.stop()
	k.remove()
}
