package terminal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/metatopia/metatopia/node/control"
)

// session is one connection. Its fields belong to the loop; the other
// goroutines only send on the channels they get.
type session struct {
	conn  net.Conn
	world World
	log   *slog.Logger

	model  *model
	lines  []line // the log
	back   int    // rows scrolled back
	in     input
	screen bool // false: plain lines
	tried  bool // the client has had its time to answer as telnet
	neg    negotiation
	keys   keyReader
	grid   *grid
	render renderer
	dirty  bool // something but a key changed since the last draw
	plainN int  // lines of the log already written in plain mode
	typed  []byte
	secret func(typed string) job // what the next line is for; nil: a command
	met    bool                   // the first line was one that a person types
	err    error                  // the first write that failed
}

func newSession(conn net.Conn, world World, log *slog.Logger) *session {
	return &session{conn: conn, world: world, log: log, model: newModel(),
		neg: negotiation{width: defaultWidth, height: defaultHeight}}
}

// run serves the connection until it, ctx or the person ends it.
func (s *session) run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	defer func() {
		cancel()
		_ = s.conn.Close() // wakes the reader
		wg.Wait()
	}()
	events := make(chan []event)
	frames := make(chan *control.Frame)
	notes := make(chan []line)
	jobs := make(chan job, maxQueue)
	wg.Go(func() { defer cancel(); read(ctx, s.conn, events) })
	wg.Go(func() { watch(ctx, s.world, frames, notes) })
	wg.Go(func() { work(ctx, s.world, jobs, notes) })

	s.write(greeting())
	s.tell(line{bold, "Metatopia. Type help for what you can do, quit to leave."})
	waited := time.NewTimer(negotiate)
	defer waited.Stop()
	tick := time.NewTicker(redrawEvery)
	defer tick.Stop()
	for s.err == nil {
		select {
		case <-ctx.Done():
			s.end("The node has closed the connection.")
			return
		case <-waited.C:
			s.tried = true
			s.setScreen(s.capable())
		case <-tick.C:
			if s.dirty {
				s.draw()
			}
		case evs := <-events:
			if s.handle(evs, jobs) {
				s.end("Goodbye.")
				return
			}
		case f := <-frames:
			first := !s.model.watching
			s.tell(s.model.apply(f)...)
			if first && s.model.watching {
				s.tell(s.model.look()...)
			}
			s.dirty = true
		case ls := <-notes:
			s.tell(ls...)
			s.draw()
		}
	}
	s.log.Debug("terminal: session", "err", s.err)
}

// capable: the client negotiates, lets us echo, and can move a cursor.
func (s *session) capable() bool {
	switch strings.ToLower(s.neg.term) {
	case "dumb", "unknown", "network":
		return false
	}
	return s.neg.spoken && s.neg.echo
}

func (s *session) setScreen(on bool) {
	if s.screen && !on {
		s.write([]byte(leaveScreen))
		s.plainN = len(s.lines)
	}
	if on && !s.screen {
		s.write([]byte(enterScreen))
		s.render.forget()
	}
	s.screen = on
	s.draw()
}

// handle takes what the client sent; it reports whether the person leaves.
func (s *session) handle(evs []event, jobs chan<- job) (quit bool) {
	var keys []key
	for _, e := range evs {
		if e.cmd != 0 {
			w, h := s.neg.width, s.neg.height
			s.write(s.neg.handle(e))
			if s.neg.width != w || s.neg.height != h {
				s.render.forget()
				s.dirty = true
			}
			if !s.tried && s.neg.term != "" { // it has said all we wait for
				s.tried = true
				s.setScreen(s.capable())
			}
			continue
		}
		if !s.screen {
			// Without the screen the client edits its own line.
			s.typed = append(s.typed, e.data...)
			if quit := s.takeLines(jobs); quit {
				return true
			}
			continue
		}
		keys = s.keys.feed(e.data, keys)
	}
	for _, k := range keys {
		switch k {
		case keyQuit:
			return true
		case keyRedraw:
			s.render.forget()
		case keyPageUp, keyPageDown:
			s.page(k)
		default:
			if typed, entered := s.in.press(k); entered {
				s.back = 0
				if s.command(typed, jobs) {
					return true
				}
			}
		}
	}
	if len(keys) > 0 || s.render.shown == nil {
		s.draw()
	}
	return false
}

func (s *session) takeLines(jobs chan<- job) (quit bool) {
	for {
		i := strings.IndexAny(string(s.typed), "\r\n\x03\x04")
		if i < 0 {
			if len(s.typed) > maxInput {
				s.typed = nil // no line is so long
				return !s.met
			}
			return false
		}
		typed, end := string(s.typed[:i]), s.typed[i]
		s.typed = append([]byte(nil), s.typed[i+1:]...)
		if end == 3 || end == 4 {
			return true
		}
		if !s.met && request(typed) {
			return true
		}
		s.met = true
		if len(typed) > maxInput {
			continue
		}
		if s.command(clean(typed), jobs) {
			return true
		}
		s.draw()
	}
}

// request says whether a client's first line is a browser's and no person's. A
// page of anybody can make its reader's browser connect here, as that user,
// and send what it likes after the line of its request.
func request(first string) bool {
	return len(first) > maxInput || strings.Contains(first, " HTTP/")
}

// command runs one typed line.
func (s *session) command(typed string, jobs chan<- job) (quit bool) {
	if ask := s.secret; ask != nil {
		s.setSecret(nil)
		if typed != "" {
			s.post(jobs, ask(typed))
		}
		return false
	}
	out := s.model.run(typed)
	if s.screen && strings.TrimSpace(typed) != "" && !strings.HasPrefix(typed, "'") && !strings.HasPrefix(typed, "say ") {
		s.tell(line{dim, prompt + clean(typed)})
	}
	s.tell(out.lines...)
	if out.job != nil {
		s.post(jobs, out.job)
	}
	if out.secret != nil {
		s.setSecret(out.secret)
	}
	if out.wide != nil {
		s.setScreen(*out.wide)
	}
	return out.quit
}

// setSecret takes the next line for a password, or ends that with nil.
func (s *session) setSecret(f func(typed string) job) {
	s.secret, s.in.hidden = f, f != nil
	if f != nil && !s.screen && !s.neg.echo {
		s.tell(line{yellow, "Your program shows what you type: nobody else should see the screen."})
	}
}

// post gives a job to the worker.
func (s *session) post(jobs chan<- job, j job) {
	select {
	case jobs <- j:
	default:
		s.tell(line{yellow, "Too much at once: wait until the node has answered."})
	}
}

func (s *session) page(k key) {
	top, end := rowLog, s.neg.height-2
	step := max(end-top-1, 1)
	if k == keyPageUp {
		s.back = min(s.back+step, max(rowsOf(s.lines, s.neg.width)-(end-top), 0))
		return
	}
	s.back = max(s.back-step, 0)
}

// tell adds to the log.
func (s *session) tell(ls ...line) {
	if len(ls) == 0 {
		return
	}
	s.lines = append(s.lines, ls...)
	if over := len(s.lines) - maxLog; over > 0 {
		s.lines = append([]line(nil), s.lines[over:]...)
		s.plainN = max(s.plainN-over, 0)
	}
	s.dirty = true
}

// draw shows what has changed.
func (s *session) draw() {
	if !s.tried {
		return // we do not know yet how
	}
	s.dirty = false
	if !s.screen {
		var b []byte
		for _, l := range s.lines[s.plainN:] {
			b = append(append(b, l.text...), "\r\n"...)
		}
		s.plainN = len(s.lines)
		s.write(b)
		return
	}
	if s.grid == nil || s.grid.w != s.neg.width || s.grid.h != s.neg.height {
		s.grid = newGrid(s.neg.width, s.neg.height)
	}
	x, y := s.model.layout(s.grid, s.lines, s.back, &s.in)
	top, end := s.grid.logRows()
	s.write(s.render.draw(s.grid, top, end, x, y))
}

func (s *session) end(words string) {
	if s.screen {
		s.write([]byte(leaveScreen))
	}
	s.write([]byte(words + "\r\n"))
}

func (s *session) write(b []byte) {
	if len(b) == 0 || s.err != nil {
		return
	}
	if err := s.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		s.err = err
		return
	}
	_, s.err = s.conn.Write(b)
}

// read parses until the connection ends.
func read(ctx context.Context, conn net.Conn, events chan<- []event) {
	var p parser
	buf := make([]byte, 1024)
	for {
		n, err := conn.Read(buf)
		if evs := p.feed(buf[:n], nil); len(evs) > 0 {
			select {
			case events <- evs:
			case <-ctx.Done():
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// watch passes frames on. A node that is in no world yet is asked again.
func watch(ctx context.Context, w World, frames chan<- *control.Frame, notes chan<- []line) {
	said := ""
	for ctx.Err() == nil {
		err := w.Watch(ctx, &control.WatchRequest{Rate: watchRate}, func(f *control.Frame) error {
			said = ""
			select {
			case frames <- f:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			err = errors.New("the node has ended the view")
		}
		if words := problem(err); words.text != said {
			said = words.text
			post(ctx, notes, []line{words})
		}
		select {
		case <-time.After(retryEvery):
		case <-ctx.Done():
		}
	}
}

// work runs the jobs one after the other.
func work(ctx context.Context, w World, jobs <-chan job, notes chan<- []line) {
	for {
		select {
		case <-ctx.Done():
			return
		case j := <-jobs:
			jctx, cancel := context.WithTimeout(ctx, callTimeout)
			ls, err := j(jctx, w)
			cancel()
			if err != nil {
				ls = []line{problem(err)}
			}
			if len(ls) > 0 {
				post(ctx, notes, ls)
			}
		}
	}
}

func post(ctx context.Context, notes chan<- []line, ls []line) {
	select {
	case notes <- ls:
	case <-ctx.Done():
	}
}

func problem(err error) line {
	words := clean(err.Error())
	if hint := control.HintOf(err); hint != "" {
		words = fmt.Sprintf("%s (%s)", words, clean(hint))
	}
	return line{red, words}
}
