package history

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/replay"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/order"
)

const (
	// DefaultBytes and DefaultTicks are kept when Config says nothing: at most
	// 256 MiB, at most a day.
	DefaultBytes = 256 << 20
	DefaultTicks = base.Tick(24 * 3600 * region.TickRate)

	// segmentTicks is how often a state is kept: every ten minutes.
	segmentTicks = base.Tick(600 * region.TickRate)
	// timeTicks is how often it is noted what time it is.
	timeTicks = base.Tick(10 * region.TickRate)
	suffix    = ".past"
	maxFiles  = 4096
)

// Config of a store. Dir is required.
type Config struct {
	Dir      string
	MaxBytes int64     // 0: DefaultBytes
	MaxTicks base.Tick // 0: DefaultTicks
	Now      func() time.Time
	Log      *slog.Logger
}

// Store writes. Applied is for the goroutine of the sim, Close for whoever
// comes after it.
type Store struct {
	cfg   Config
	tasks sync.WaitGroup // the state that is being written

	mu    sync.Mutex
	f     *os.File  // nil before the first state
	from  base.Tick // of the state that the file begins with
	begun int64     // bytes of that
	size  int64
	last  base.Tick // of the newest record or state that is here
	sum   order.Sum // of the record of last
	next  *upcoming // a file that is not whole yet
	busy  bool      // a state is being written, for next or for nobody any more
	ended bool      // nothing can be written any more
}

// Open goes on with what is in a directory, up to tick at: what is there of later
// ticks the region has lost.
func Open(cfg Config, at base.Tick) (*Store, error) {
	cfg.MaxBytes = cmp.Or(cfg.MaxBytes, DefaultBytes)
	cfg.MaxTicks = cmp.Or(cfg.MaxTicks, DefaultTicks)
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("history: open: %w", err)
	}
	s := &Store{cfg: cfg}
	if err := removeUnfinished(cfg.Dir); err != nil {
		return nil, err
	}
	names, err := files(cfg.Dir)
	if err != nil {
		return nil, err
	}
	for len(names) > 0 {
		name := names[len(names)-1]
		ok, err := s.resume(name, at)
		if err != nil {
			return nil, err
		}
		if ok {
			break
		}
		names = names[:len(names)-1]
	}
	return s, nil
}

// resume cuts off what is later than tick at, or not whole, and goes on after
// it. A file of which nothing is left goes.
func (s *Store) resume(name string, at base.Tick) (bool, error) {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return false, fmt.Errorf("history: open: %w", err)
	}
	end := int64(0)
	if r, err := newReader(f); err == nil {
		for {
			kind, body, err := r.next()
			if err == io.EOF {
				break
			}
			tick, sum := s.last, s.sum
			switch kind {
			case kindState:
				st, err := parseState(body)
				if err != nil || end > 0 || st.Tick > at {
					tick = at + 1
					break
				}
				tick, sum, s.from = st.Tick, st.Sum, st.Tick
			case kindEntry:
				t, prev, err := tickOf(body)
				if err != nil || end == 0 || t != s.last+1 || prev != s.sum {
					tick = at + 1
					break
				}
				tick, sum = t, order.SumOf(body)
			}
			if tick > at {
				break
			}
			s.last, s.sum, end = tick, sum, r.good
		}
	}
	if end == 0 {
		f.Close()
		if err := os.Remove(name); err != nil {
			return false, fmt.Errorf("history: open: %w", err)
		}
		return false, nil
	}
	if err = f.Truncate(end); err == nil {
		_, err = f.Seek(end, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return false, fmt.Errorf("history: open: %w", err)
	}
	s.f, s.size = f, end
	return true, nil
}

// Applied keeps a tick's record. Where it does not follow what is here, and from
// time to time, the state after it is kept too, which is written beside the
// ticks. A disk that fails ends the history and not the region.
func (s *Store) Applied(rec *order.Encoded, hash region.Hash, sim *region.Sim) {
	s.mu.Lock()
	defer s.mu.Unlock()
	begun := s.f != nil || s.next != nil
	if s.ended || begun && rec.Tick <= s.last {
		return
	}
	follows := begun && rec.Tick == s.last+1 && rec.Prev == s.sum
	var err error
	if follows {
		b := appendFrame(nil, kindEntry, rec.Bytes)
		if rec.Tick%timeTicks == 0 {
			b = append(b, timeFrame(rec.Tick, s.cfg.Now().UnixMilli())...)
		}
		err = s.keep(b)
	} else {
		err = s.part()
	}
	s.last, s.sum = rec.Tick, rec.Sum
	if err == nil && !s.busy && (!follows || s.f != nil && (rec.Tick >= s.from+segmentTicks || s.size > max(2*s.begun, s.cfg.MaxBytes/8))) {
		s.begin(&replay.Start{Tick: rec.Tick, Sum: rec.Sum, Hash: hash, Still: sim.Still()})
	}
	s.check(err)
}

// check ends the history after an error. mu is held.
func (s *Store) check(err error) {
	if err != nil && !s.ended {
		s.ended = true
		s.cfg.Log.Error("the history of the region is kept no more", "err", err)
	}
}

// keep adds frames to what is here, and to what comes. mu is held.
func (s *Store) keep(b []byte) error {
	if n := s.next; n != nil {
		if n.since = append(n.since, b...); len(n.since) > maxSince {
			s.next = nil
		}
	}
	if s.f == nil {
		return nil
	}
	return s.write(b)
}

// part ends what is here: the record that comes does not follow it. mu is held.
func (s *Store) part() error {
	s.next = nil
	f := s.f
	s.f = nil
	if f == nil {
		return nil
	}
	return f.Close()
}

func (s *Store) write(b []byte) error {
	n, err := s.f.Write(b)
	s.size += int64(n)
	return err
}

// letGo removes the oldest files, never the newest.
func (s *Store) letGo() error {
	names, err := files(s.cfg.Dir)
	if err != nil {
		return err
	}
	total := int64(0)
	sizes := make([]int64, len(names))
	for i, n := range names {
		info, err := os.Stat(n)
		if err != nil {
			return err
		}
		sizes[i] = info.Size()
		total += sizes[i]
	}
	for i := range max(0, len(names)-1) {
		// The next file's first tick is this one's last.
		if total <= s.cfg.MaxBytes && tickOfName(names[i+1])+s.cfg.MaxTicks >= s.last && len(names)-i <= maxFiles {
			return nil
		}
		if err := os.Remove(names[i]); err != nil {
			return err
		}
		total -= sizes[i]
	}
	return nil
}

// Close ends writing. A state that is not whole yet is not kept.
func (s *Store) Close() error {
	s.mu.Lock()
	s.ended = true
	s.mu.Unlock()
	s.tasks.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.part(); err != nil {
		return fmt.Errorf("history: close: %w", err)
	}
	return nil
}

// files lists the segments of a directory, oldest first.
func files(dir string) ([]string, error) {
	list, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("history: %w", err)
	}
	var names []string
	for _, e := range list {
		stem, ok := strings.CutSuffix(e.Name(), suffix)
		if _, err := strconv.ParseUint(stem, 16, 64); ok && err == nil && len(stem) == 16 && e.Type().IsRegular() {
			names = append(names, filepath.Join(dir, e.Name()))
		}
	}
	slices.Sort(names)
	return names, nil
}

func tickOfName(name string) base.Tick {
	n, _ := strconv.ParseUint(strings.TrimSuffix(filepath.Base(name), suffix), 16, 64) // files has checked it
	return base.Tick(n)
}
