package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"

	"github.com/metatopia/metatopia/node/control"
)

type doctorCmd struct{}

func (doctorCmd) Help() string {
	return `Asks the running node; without one, checks what a node would need here. Exit code 1
when something does not work.`
}

func (doctorCmd) Run(ctx context.Context, e *environment) error {
	res, err := e.node().Doctor(ctx)
	if control.CodeOf(err) == control.Unavailable {
		e.note("No node is running here: these are checks of the machine alone.")
		res, err = &control.DoctorResponse{Checks: checkMachine(e.Home)}, nil
	}
	if err != nil {
		return err
	}
	failed := 0
	err = e.show(res, func(w io.Writer) {
		for _, c := range res.Checks {
			mark := "ok"
			if !c.OK {
				mark = "NO"
			}
			fmt.Fprintf(w, "%s\t%s\t%s\n", mark, c.Name, c.Detail)
			if !c.OK && c.Hint != "" {
				fmt.Fprintf(w, "\t\thint: %s\n", c.Hint)
			}
		}
	})
	for _, c := range res.Checks {
		if !c.OK {
			failed++
		}
	}
	if err == nil && failed > 0 {
		e.note("%d of %d checks failed.", failed, len(res.Checks))
		return errQuiet
	}
	return err
}

// checkMachine is what can be known without a node.
func checkMachine(home string) []control.DoctorCheck {
	var out []control.DoctorCheck
	add := func(name, hint, detail string, err error) {
		c := control.DoctorCheck{Name: name, OK: err == nil, Detail: detail}
		if err != nil {
			c.Detail, c.Hint = err.Error(), hint
		}
		out = append(out, c)
	}
	add("data directory", "choose another one with --home", home, writable(home))
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err == nil {
		_ = tcp.Close() // only asked whether it works
	}
	add("TCP on loopback", "a firewall or sandbox forbids it", "page and telnet can listen", err)
	udp, err := net.ListenPacket("udp", ":0")
	if err == nil {
		_ = udp.Close() // only asked whether it works
	}
	add("UDP", "QUIC needs it; without it the node uses TCP", "QUIC can listen", err)
	unix, err := probeUnix()
	add("Unix socket", "commands reach the node through one", unix, err)
	return out
}

// writable makes a file in the nearest directory that exists.
func writable(dir string) error {
	for {
		info, err := os.Stat(dir)
		if err == nil && !info.IsDir() {
			return fmt.Errorf("%s is not a directory", dir)
		}
		if err == nil {
			break
		}
		up := filepath.Dir(dir)
		if up == dir {
			return err
		}
		dir = up
	}
	f, err := os.CreateTemp(dir, ".metatopia-*")
	if err != nil {
		return err
	}
	_ = f.Close() // only asked whether it works
	return os.Remove(f.Name())
}

func probeUnix() (string, error) {
	dir, err := os.MkdirTemp("", "metatopia-*")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	ln, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		return "", err
	}
	return "commands can reach a node", ln.Close()
}
