package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// progress draws one line on a terminal and nothing anywhere else.
type progress struct {
	w     io.Writer // nil: no terminal
	what  string
	total int64 // bytes, 0 when not known
	got   int64
	drawn time.Time
}

const progressEvery = 100 * time.Millisecond

func newProgress(e *environment, what string, total int64) *progress {
	p := &progress{what: what, total: total}
	if isTTY(e.Err) && !e.JSON {
		p.w = e.Err
	}
	return p
}

func (p *progress) add(n int64) {
	p.got += n
	if p.w == nil || time.Since(p.drawn) < progressEvery {
		return
	}
	p.drawn = time.Now()
	if p.total > 0 {
		fmt.Fprintf(p.w, "\r%s %3d %% of %.1f MB\x1b[K", p.what, p.got*100/p.total, float64(p.total)/1e6)
		return
	}
	fmt.Fprintf(p.w, "\r%s %.1f MB\x1b[K", p.what, float64(p.got)/1e6)
}

func (p *progress) done() {
	if p.w != nil && !p.drawn.IsZero() {
		fmt.Fprint(p.w, "\r\x1b[K")
	}
}

// newFile is a file that appears under its name only when it is whole.
type newFile struct {
	*os.File
	path string
	kept bool
}

func createFile(path string) (*newFile, error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".metatopia-*")
	if err != nil {
		return nil, err
	}
	return &newFile{File: f, path: path}, nil
}

func (f *newFile) keep() error {
	if err := f.Chmod(0o644); err != nil {
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	f.kept = true
	return os.Rename(f.Name(), f.path)
}

// abandon removes what was not kept.
func (f *newFile) abandon() {
	if !f.kept {
		_ = f.Close()           // nothing of it is used
		_ = os.Remove(f.Name()) // best effort
	}
}
