package history

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/replay"
)

// Errors of reading.
var (
	// ErrNone: nothing is kept of that time.
	ErrNone = errors.New("that time is not kept")
	// ErrGap: between two states that are kept, records are missing.
	ErrGap = errors.New("records are missing")
)

// Span is a stretch of time without a gap.
type Span struct {
	From, To       base.Tick // From is that of a state
	States         []base.Tick
	Bytes          int64
	Began, Reached time.Time // when that was, as far as is known
}

// List says what is kept in a directory, oldest first. It may be called while
// the store is written.
func List(dir string) (list []Span, err error) {
	names, err := files(dir)
	if err != nil {
		return nil, err
	}
	for i, name := range names {
		s, err := scan(name, until(names, i), nil)
		if errors.Is(err, os.ErrNotExist) {
			continue // it has just gone
		}
		if err != nil {
			return nil, err
		}
		if n := len(list); n > 0 && list[n-1].To == s.From {
			o := &list[n-1]
			o.To, o.Bytes, o.Reached = s.To, o.Bytes+s.Bytes, s.Reached
			o.States = append(o.States, s.States...)
			continue
		}
		list = append(list, s)
	}
	return list, nil
}

// frames are told of what a file holds; each may end the scan with an error.
type frames struct {
	state  func(*replay.Start) error
	record func(tick base.Tick, b []byte) error
}

// until is the tick up to which file i of names counts: that of the next one's
// state. There may be records after it, from while that was being written.
func until(names []string, i int) base.Tick {
	if i+1 < len(names) {
		return tickOfName(names[i+1])
	}
	return math.MaxUint64
}

// scan reads one file up to a tick.
func scan(name string, until base.Tick, f *frames) (s Span, err error) {
	in, err := os.Open(name)
	if err != nil {
		return s, err
	}
	defer in.Close()
	r, err := newReader(in)
	if err != nil {
		return s, err
	}
	for {
		kind, body, err := r.next()
		if err == nil && kind == kindEntry && s.To >= until {
			err = io.EOF
		}
		if err == io.EOF {
			s.Bytes = r.good
			if len(s.States) == 0 {
				return s, fmt.Errorf("history: %s holds no state", name)
			}
			return s, nil
		}
		switch kind {
		case kindState:
			st, err := parseState(body)
			if err != nil || len(s.States) > 0 {
				return s, fmt.Errorf("history: %s: a state out of place", name)
			}
			s.From, s.To, s.States = st.Tick, st.Tick, []base.Tick{st.Tick}
			if f != nil && f.state != nil {
				if err := f.state(&st); err != nil {
					return s, err
				}
			}
		case kindEntry:
			tick, _, err := tickOf(body)
			if err != nil {
				return s, err
			}
			if len(s.States) == 0 || tick != s.To+1 {
				return s, fmt.Errorf("history: %s: tick %d after tick %d: %w", name, tick, s.To, ErrGap)
			}
			s.To = tick
			if f != nil && f.record != nil {
				if err := f.record(tick, body); err != nil {
					return s, err
				}
			}
		case kindTime:
			if d := base.NewDecoder(body); true {
				d.U64()
				at := time.UnixMilli(d.I64())
				if d.Done() == nil {
					if s.Began.IsZero() {
						s.Began = at
					}
					s.Reached = at
				}
			}
		}
	}
}

var errStop = errors.New("enough")

// State reads the newest state that is kept and not newer than a tick. The error
// is ErrNone.
func State(dir string, tick base.Tick) (*replay.Start, error) {
	names, err := files(dir)
	if err != nil {
		return nil, err
	}
	for i := len(names) - 1; i >= 0; i-- {
		if tickOfName(names[i]) > tick {
			continue
		}
		var out *replay.Start
		_, err := scan(names[i], math.MaxUint64, &frames{state: func(s *replay.Start) error { out = s; return errStop }})
		if out == nil {
			return nil, fmt.Errorf("history: %w", err)
		}
		return out, nil
	}
	return nil, fmt.Errorf("history: tick %d: %w", tick, ErrNone)
}

// Walk gives the records after a tick, in order, until f gives an error or there
// are no more. The error is ErrGap when one is missing.
func Walk(dir string, after base.Tick, f func(tick base.Tick, record []byte) error) error {
	names, err := files(dir)
	if err != nil {
		return err
	}
	next := after + 1
	for i, name := range names {
		if i+1 < len(names) && tickOfName(names[i+1]) <= after {
			continue // all of it is older
		}
		if tickOfName(name) >= next {
			return fmt.Errorf("history: tick %d: %w", next, ErrGap)
		}
		_, err := scan(name, until(names, i), &frames{record: func(tick base.Tick, b []byte) error {
			if tick < next {
				return nil
			}
			next++
			return f(tick, b)
		}})
		if err != nil {
			return err
		}
	}
	return nil
}

// TickAt is the last tick that was over at a time, as exactly as it was noted:
// ten seconds. The error is ErrNone.
func TickAt(dir string, at time.Time) (base.Tick, error) {
	names, err := files(dir)
	if err != nil {
		return 0, err
	}
	best, found := base.Tick(0), false
	for i, name := range names {
		in, err := os.Open(name)
		if err != nil {
			continue // it has just gone
		}
		if r, err := newReader(in); err == nil {
			for {
				kind, body, err := r.next()
				if err != nil {
					break
				}
				d := base.NewDecoder(body)
				if kind != kindTime {
					continue
				}
				tick, ms := base.Tick(d.U64()), d.I64()
				if d.Done() == nil && tick <= until(names, i) && !time.UnixMilli(ms).After(at) && (!found || tick > best) {
					best, found = tick, true
				}
			}
		}
		_ = in.Close() // only read
	}
	if !found {
		return 0, fmt.Errorf("history: %s: %w", at.Format(time.RFC3339), ErrNone)
	}
	return best, nil
}
