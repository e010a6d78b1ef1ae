package demo

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/metatopia/metatopia/node/control"
)

const (
	// readyWait bounds the start of a node. Eight of them start on two busy
	// cores in a few seconds; a minute is a failure.
	readyWait = 60 * time.Second
	pollEvery = 40 * time.Millisecond
	// stopWait is how long a node may take to put everything on disk.
	stopWait = 10 * time.Second
	// callWait bounds one call to a node that is up.
	callWait = 20 * time.Second
)

// child is a running node.
type child struct {
	part
	home   string
	log    string // file that holds what it prints
	proc   *os.Process
	client *control.Client
	exited chan struct{} // closed when the process has ended
	err    error         // how it ended; read after exited

	key string // set when ready
}

// starter starts processes from one thread that lives as long as the demo:
// Linux sends the parent-death signal when the starting thread ends, not the
// process (prctl(2), PR_SET_PDEATHSIG).
type starter struct{ ask chan func() }

func newStarter(ctx context.Context) *starter {
	s := &starter{ask: make(chan func())}
	go func() {
		lockThread()
		for {
			select {
			case f := <-s.ask:
				f()
			case <-ctx.Done():
				return
			}
		}
	}()
	return s
}

func (s *starter) start(cmd *exec.Cmd) error {
	done := make(chan error, 1)
	s.ask <- func() { done <- cmd.Start() }
	return <-done
}

// launch starts a node; ready waits for it.
func launch(s *starter, exe, home string, p part, link string) (*child, error) {
	c := &child{
		part: p, home: filepath.Join(home, p.dir), exited: make(chan struct{}),
		log: filepath.Join(home, "logs", p.dir+".log"),
	}
	if err := os.MkdirAll(c.home, 0o700); err != nil {
		return nil, fmt.Errorf("demo: start %s: %w", p.name, err)
	}
	if err := os.MkdirAll(filepath.Dir(c.log), 0o700); err != nil {
		return nil, fmt.Errorf("demo: start %s: %w", p.name, err)
	}
	out, err := os.OpenFile(c.log, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("demo: start %s: %w", p.name, err)
	}
	defer out.Close() //nolint:errcheck // the child has its own copy
	c.client = control.Dial(control.SocketPath(c.home))
	if st, err := c.client.Status(context.Background()); err == nil {
		return nil, fmt.Errorf("demo: start %s: a node of %q already runs in %s; is another demo open?", p.name, st.Name, c.home)
	}
	cmd := exec.Command(exe, p.args(c.home, link)...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = procAttr()
	if err := s.start(cmd); err != nil {
		return nil, fmt.Errorf("demo: start %s: %w", p.name, err)
	}
	c.proc = cmd.Process
	go func() {
		c.err = cmd.Wait()
		close(c.exited)
	}()
	return c, nil
}

// ready waits until the node answers and, when wantWorld is set, has entered
// the world.
func (c *child) ready(ctx context.Context, wantWorld bool) (*control.StatusResponse, error) {
	ctx, cancel := context.WithTimeout(ctx, readyWait)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	var last error
	for {
		st, err := c.client.Status(ctx)
		switch {
		case err != nil:
		case st.World == nil && wantWorld:
			err = errors.New("it has not entered the world")
		case c.role == visitor && (st.WebURL == "" || st.Telnet == ""):
			err = errors.New("its page and telnet are not open")
		default:
			c.key = st.Key
			return st, nil
		}
		if ctx.Err() == nil {
			last = err
		}
		select {
		case <-c.exited:
			words, hint := c.end()
			return nil, control.Errorf(control.Failed, hint, "demo: %s ended while starting%s", c.name, words)
		case <-ctx.Done():
			return nil, fmt.Errorf("demo: %s is not ready: %w%s", c.name, errors.Join(last, context.Cause(ctx)), c.lastWords())
		case <-tick.C:
		}
	}
}

// hintPrefix begins the line after which a command ends.
const hintPrefix = "hint: "

// lastWords quotes the end of the node's log.
func (c *child) lastWords() string {
	words, _ := c.end()
	return words
}

// end quotes the end of the node's log, and tells the hint apart with which the
// node ended, if it gave one.
func (c *child) end() (words, hint string) {
	b, err := os.ReadFile(c.log)
	if errors.Is(err, fs.ErrNotExist) || len(b) == 0 {
		return "", ""
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	if h, ok := strings.CutPrefix(lines[len(lines)-1], hintPrefix); ok {
		hint, lines = h, lines[:len(lines)-1]
	}
	return fmt.Sprintf("; the end of %s:\n  %s", c.log, strings.Join(lines[max(0, len(lines)-5):], "\n  ")), hint
}

// dead reports whether the process has ended.
func (c *child) dead() bool {
	select {
	case <-c.exited:
		return true
	default:
		return false
	}
}

// stop ends the node: first politely, after stopWait by force. It reports a
// node that did not end by itself with success.
func (c *child) stop() error {
	c.client.Close() // an open connection would hold up its clean end
	if c.dead() {
		return nil // was said when it happened
	}
	if err := c.proc.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		_ = c.proc.Kill() // no such signal on this system
	}
	timer := time.NewTimer(stopWait)
	defer timer.Stop()
	select {
	case <-c.exited:
		if c.err != nil {
			return fmt.Errorf("demo: %s ended badly: %w%s", c.name, c.err, c.lastWords())
		}
		return nil
	case <-timer.C:
		_ = c.proc.Kill() // it may end at this very moment
		<-c.exited
		return fmt.Errorf("demo: %s did not stop within %s and was killed", c.name, stopWait)
	}
}
