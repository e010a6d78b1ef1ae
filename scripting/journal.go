package scripting

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Journal keeps the lines of processes on disk: in a directory, in files of a
// size, of which the oldest is removed. What comes faster than it can be written
// is counted, not kept.
type Journal struct {
	dir  string
	size int64 // of a file, about

	queue chan LogLine
	quit  chan struct{}
	done  chan struct{}
	once  sync.Once

	mu   sync.Mutex
	lost uint64
	err  error // the last one
}

// record is a line on disk: JSON, one to a line.
type record struct {
	Time  time.Time `json:"time"`
	PID   uint64    `json:"pid"`
	Name  string    `json:"name"`
	Level string    `json:"level"`
	Text  string    `json:"text"`
}

// OpenJournal opens or begins one. Only one may be open of a directory.
func OpenJournal(dir string) (*Journal, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("scripting: open journal: %w", err)
	}
	j := &Journal{dir: dir, size: journalFile, queue: make(chan LogLine, journalQueue), quit: make(chan struct{}), done: make(chan struct{})}
	go j.write()
	return j, nil
}

// add files a line; it never waits.
func (j *Journal) add(l LogLine) {
	select {
	case j.queue <- l:
	default:
		j.mu.Lock()
		j.lost++
		j.mu.Unlock()
	}
}

// Close writes what is left. Lines that come later are lost. It may be called
// again.
func (j *Journal) Close() error {
	j.once.Do(func() { close(j.quit) })
	<-j.done
	return j.err
}

func (j *Journal) path(i int) string {
	return filepath.Join(j.dir, fmt.Sprintf("processes.%d.log", i))
}

// write is the journal's goroutine. It takes a breath after each batch, which
// bounds what guests can make of the disk.
func (j *Journal) write() {
	defer close(j.done)
	for {
		select {
		case l := <-j.queue:
			j.batch(l)
		case <-j.quit:
			select {
			case l := <-j.queue:
				j.batch(l)
			default:
			}
			return
		}
		select {
		case <-time.After(journalPause):
		case <-j.quit:
		}
	}
}

// batch writes a line and those that wait behind it.
func (j *Journal) batch(l LogLine) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	for more := true; more; {
		// A line of clean text and a number cannot fail.
		_ = enc.Encode(record{l.Time.UTC(), l.PID, l.Name, l.Level, l.Text})
		select {
		case l = <-j.queue:
		default:
			more = false
		}
	}
	j.mu.Lock()
	lost := j.lost
	j.lost = 0
	j.mu.Unlock()
	if lost > 0 {
		_ = enc.Encode(record{time.Now().UTC(), 0, "journal", "warn", fmt.Sprintf("%d lines came too fast and are not here", lost)})
	}
	if err := j.append(b.Bytes()); err != nil {
		j.mu.Lock()
		j.err = fmt.Errorf("scripting: journal: %w", err)
		j.mu.Unlock()
	}
}

func (j *Journal) append(b []byte) error {
	if st, err := os.Stat(j.path(0)); err == nil && st.Size() >= j.size {
		for i := journalFiles - 1; i > 0; i-- {
			if err := os.Rename(j.path(i-1), j.path(i)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
	}
	f, err := os.OpenFile(j.path(0), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Close())
}

// Read calls fn for the lines on disk, the oldest first: of a process, or of all
// with pid 0 (numbers begin anew when the node does), and of a level or a higher
// one. Lines that cannot be read are passed over.
func (j *Journal) Read(pid uint64, level string, fn func(LogLine) error) error {
	least, err := LevelOf(level)
	if err != nil {
		return fmt.Errorf("scripting: read journal: %w", err)
	}
	for i := journalFiles - 1; i >= 0; i-- {
		if err := readRecords(j.path(i), pid, least, fn); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func readRecords(path string, pid uint64, least int, fn func(LogLine) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 64<<10)
	for lines.Scan() {
		var r record
		if json.Unmarshal(lines.Bytes(), &r) != nil {
			continue
		}
		n, err := LevelOf(r.Level)
		if err != nil || n < least || pid != 0 && r.PID != pid {
			continue
		}
		if err := fn(LogLine{PID: r.PID, Name: clean(r.Name, maxProcName), Time: r.Time, Level: r.Level, Text: clean(r.Text, maxLine)}); err != nil {
			return err
		}
	}
	return nil // what is too long is not ours
}
