package history

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/metatopia/metatopia/node/replay"
)

const (
	// maxSince bounds the records, in bytes, that wait in memory for the state
	// before them to be written. With more the state is given up, and a later one
	// is tried.
	maxSince = 32 << 20
	// syncBytes is how much of a state is written before it is brought to the
	// disk: whatever else has to be there waits for no more than that.
	syncBytes = 4 << 20
	// maxPause bounds how long writing rests after as many bytes.
	maxPause   = 100 * time.Millisecond
	unfinished = ".new"
)

// upcoming is a file whose state is being written.
type upcoming struct {
	start *replay.Start
	since []byte // frames of what came after the state
}

var errGivenUp = errors.New("nobody wants it any more")

// begin has a file written that starts with a state. mu is held, and busy is
// not set.
func (s *Store) begin(st *replay.Start) {
	n := &upcoming{start: st, since: timeFrame(st.Tick, s.cfg.Now().UnixMilli())}
	s.next, s.busy = n, true
	s.tasks.Go(func() {
		name := filepath.Join(s.cfg.Dir, fmt.Sprintf("%016x%s", uint64(st.Tick), suffix))
		err := s.make(n, name)
		if err == nil {
			err = s.letGo()
		} else if e := os.Remove(name + unfinished); e != nil && !errors.Is(e, os.ErrNotExist) {
			err = e
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.busy = false
		if !errors.Is(err, errGivenUp) {
			s.check(err)
		}
	})
}

// make writes the state, then what came meanwhile, and goes on with the file.
// The one before stays, with what came meanwhile: a file counts up to the tick
// that the next one begins with, so nothing is lost until the next one is there.
func (s *Store) make(n *upcoming, name string) error {
	begun, err := s.makeState(n, name+unfinished)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended || s.next != n {
		return errGivenUp
	}
	if err := os.Rename(name+unfinished, name); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	if s.f != nil {
		err = s.f.Close()
	}
	s.f, s.next = f, nil
	s.from, s.begun, s.size = n.start.Tick, begun, begun
	if err != nil {
		return err
	}
	return s.write(n.since)
}

// makeState writes a file up to the end of its state, and gives its length.
func (s *Store) makeState(n *upcoming, name string) (size int64, err error) {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	// The frame's head, which needs its length, comes last.
	if _, err := f.Write(append([]byte(header), make([]byte, frameHeadBytes)...)); err != nil {
		return 0, err
	}
	w := &stateWriter{s: s, n: n, f: f, at: time.Now()}
	if err := errors.Join(w.write(stateHead(n.start)), n.start.Still.EachRun(w.write)); err != nil {
		return 0, err
	}
	if w.size > maxFrame {
		return 0, fmt.Errorf("a state of %d bytes", w.size)
	}
	if _, err := f.WriteAt(frameHead(int(w.size), w.sum), int64(len(header))); err != nil {
		return 0, err
	}
	return f.Seek(0, io.SeekEnd)
}

// stateWriter writes the body of a state's frame, at half of what the machine
// can.
type stateWriter struct {
	s     *Store
	n     *upcoming
	f     *os.File
	sum   uint32
	size  int64
	dirty int
	at    time.Time // since when it works without a rest
}

func (w *stateWriter) write(b []byte) error {
	if _, err := w.f.Write(b); err != nil {
		return err
	}
	w.sum = crc32.Update(w.sum, castagnoli, b)
	w.size += int64(len(b))
	if w.dirty += len(b); w.dirty < syncBytes {
		return nil
	}
	w.dirty = 0
	if err := w.f.Sync(); err != nil {
		return err
	}
	w.s.mu.Lock()
	wanted := !w.s.ended && w.s.next == w.n
	w.s.mu.Unlock()
	if !wanted {
		return errGivenUp
	}
	time.Sleep(min(time.Since(w.at), maxPause))
	w.at = time.Now()
	return nil
}

// removeUnfinished removes what a crash has left of such files.
func removeUnfinished(dir string) error {
	list, err := filepath.Glob(filepath.Join(dir, "*"+suffix+unfinished))
	for _, name := range list {
		err = errors.Join(err, os.Remove(name))
	}
	if err != nil {
		return fmt.Errorf("history: open: %w", err)
	}
	return nil
}
