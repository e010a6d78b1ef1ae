package postgres_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/metatopia/metatopia/region/slots"
	"github.com/metatopia/metatopia/region/slots/postgres"
	"github.com/metatopia/metatopia/region/slots/slotstest"
)

// cluster is a PostgreSQL of the test's own: in a temporary directory, on a
// port of loopback, as an account that is not root, which PostgreSQL refuses.
type cluster struct {
	t    testing.TB
	dir  string
	port int
	bin  string
	cred *syscall.Credential
	cmd  *exec.Cmd
	over chan struct{} // closed when cmd has ended
}

// program finds PostgreSQL: on the path, or where Debian puts it.
func program(t testing.TB) string {
	if p, err := exec.LookPath("initdb"); err == nil {
		if p, err = filepath.EvalSymlinks(p); err == nil {
			return filepath.Dir(p)
		}
	}
	list, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(list) == 0 {
		t.Fatal("PostgreSQL is not installed (Debian: apt-get install postgresql; make test does)")
	}
	return filepath.Dir(list[len(list)-1])
}

// account is who runs it when the tests are root.
func account(t testing.TB) *syscall.Credential {
	if os.Getuid() != 0 {
		return nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		if u, err := user.Lookup(name); err == nil {
			uid, _ := strconv.Atoi(u.Uid)
			gid, _ := strconv.Atoi(u.Gid)
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		}
	}
	t.Fatal("PostgreSQL does not run as root, and there is no account postgres or nobody")
	return nil
}

func start(t testing.TB) *cluster {
	c := &cluster{t: t, bin: program(t), cred: account(t)}
	// t.TempDir is for this account alone.
	dir, err := os.MkdirTemp("", "metatopia-pg")
	if err != nil {
		t.Fatal(err)
	}
	c.dir = dir
	if c.cred != nil {
		if err := os.Chown(dir, int(c.cred.Uid), int(c.cred.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { c.kill(); _ = os.RemoveAll(dir) })
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.port = ln.Addr().(*net.TCPAddr).Port
	_ = ln.Close()
	if out, err := c.command("initdb", "-D", dir+"/data", "-U", "metatopia", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C").CombinedOutput(); err != nil {
		t.Fatalf("initdb: %v\n%s", err, out)
	}
	c.run()
	return c
}

func (c *cluster) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(c.bin, name), args...)
	cmd.Dir = c.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.cred}
	return cmd
}

// run starts the server and waits until it answers. It does not wait for the
// disk: what kill -9 leaves does not depend on it. Just after a kill processes
// that the server forked hold its shared memory for a moment, and it ends at
// once: then it is started again.
func (c *cluster) run() {
	for end := time.Now().Add(2 * time.Minute); ; {
		var said bytes.Buffer
		c.cmd = c.command("postgres", "-D", c.dir+"/data", "-p", strconv.Itoa(c.port), "-c", "listen_addresses=127.0.0.1",
			"-c", "unix_socket_directories=", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "shared_buffers=32MB", "-c", "max_connections=40")
		c.cmd.Stderr = &said
		if err := c.cmd.Start(); err != nil {
			c.t.Fatal(err)
		}
		c.over = make(chan struct{})
		go func(cmd *exec.Cmd, over chan struct{}) { _ = cmd.Wait(); close(over) }(c.cmd, c.over)
		for {
			e, err := postgres.Open(c.t.Context(), c.url("postgres"))
			if err == nil {
				_ = e.Close()
				return
			}
			if time.Now().After(end) {
				c.kill()
				c.t.Fatalf("PostgreSQL does not answer: %v\n%s", err, said.Bytes())
			}
			select {
			case <-c.over:
			case <-time.After(50 * time.Millisecond):
				continue
			}
			break
		}
	}
}

func (c *cluster) kill() {
	if c.cmd != nil {
		_ = c.cmd.Process.Kill()
		<-c.over
		c.cmd = nil
	}
}

func (c *cluster) crash(testing.TB) { c.kill(); c.run() }

func (c *cluster) addr() string { return fmt.Sprintf("127.0.0.1:%d", c.port) }

func (c *cluster) url(schema string) string { return at(c.addr(), schema) }

func at(addr, schema string) string {
	return fmt.Sprintf("postgres://metatopia@%s/postgres?schema=%s", addr, schema)
}

var schemas atomic.Int64

// lab is a schema of its own.
func (c *cluster) lab(testing.TB) slotstest.Lab {
	schema := fmt.Sprintf("s%d", schemas.Add(1))
	through := func(t testing.TB, addr string) slots.Store {
		e, err := postgres.Open(t.Context(), at(addr, schema))
		if err != nil {
			t.Fatal(err)
		}
		return slots.New(e)
	}
	return slotstest.Lab{
		Place:     c.url(schema),
		Open:      func(t testing.TB) slots.Store { return through(t, c.addr()) },
		Server:    c.addr(),
		Through:   through,
		Crash:     c.crash,
		Fresh:     c.lab,
		Histories: slotstest.Histories(15),
		Length:    200,
	}
}

func TestContract(t *testing.T) {
	c := start(t)
	slotstest.Run(t, c.lab(t))
}
