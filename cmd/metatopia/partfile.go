package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"github.com/metatopia/metatopia/node/control"
)

// partFile is FILE.part: what is there of a content that is being fetched. It
// stays when the command is interrupted and becomes FILE when it is whole.
type partFile struct {
	*os.File
	path string
	at   int64  // bytes that were checked, or written since
	tail []byte // bytes after those, which stood there before
}

// errOther: there is something else under the name FILE.part.
var errOther = errors.New("holds something else")

// maxTail bounds what is held in memory of a part that cannot be checked: the
// longest leaf.
const maxTail = 2 << 20

// openPart takes up what an earlier try has left. Its bytes are held to the
// hashes of the content, which the node tells.
func openPart(ctx context.Context, e *environment, path, cid string) (*partFile, error) {
	f, err := os.OpenFile(path+".part", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	p := &partFile{File: f, path: path}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		f.Close()
		return nil, control.Errorf(control.Conflict, "", "another command writes %s", f.Name())
	}
	if err := p.check(ctx, e, cid); err != nil {
		p.leave()
		return nil, err
	}
	return p, nil
}

func (p *partFile) check(ctx context.Context, e *environment, cid string) error {
	info, err := p.Stat()
	if err != nil || info.Size() == 0 {
		return err
	}
	if !info.Mode().IsRegular() {
		return p.other()
	}
	bar := newProgress(e, "checking", info.Size())
	defer bar.done()
	differs := errors.New("differs")
	err = e.node().LumpLeaves(ctx, &control.LumpRequest{CID: cid, Offset: info.Size()}, func(l *control.LumpLeaves) error {
		for _, leaf := range l.Leaves {
			if leaf.Size <= 0 || leaf.Size > maxTail || p.at+leaf.Size > info.Size() {
				return differs
			}
			sum := sha256.New()
			if _, err := io.Copy(sum, io.NewSectionReader(p, p.at, leaf.Size)); err != nil {
				return err
			}
			if !bytes.Equal(sum.Sum(nil), leaf.Sum) {
				return differs
			}
			p.at += leaf.Size
			bar.add(leaf.Size)
		}
		return nil
	})
	if err != nil && !errors.Is(err, differs) {
		return err
	}
	if p.at > 0 {
		return p.Truncate(p.at)
	}
	// Less than a leaf, or a file of somebody's: held to the first bytes that
	// come before it is written to.
	if info.Size() > maxTail {
		return p.other()
	}
	p.tail, err = io.ReadAll(io.NewSectionReader(p, 0, info.Size()))
	return err
}

func (p *partFile) other() error {
	return control.Errorf(control.Conflict, "move it away, or write to another file", "%s %w than the beginning of this content", p.Name(), errOther)
}

// Write appends what was checked by the node.
func (p *partFile) Write(b []byte) (int, error) {
	if n := min(len(p.tail), len(b)); n > 0 {
		if !bytes.Equal(p.tail[:n], b[:n]) {
			return 0, p.other()
		}
		p.tail = p.tail[n:]
	}
	n, err := p.WriteAt(b, p.at)
	p.at += int64(n)
	return n, err
}

// keep gives the whole file its name.
func (p *partFile) keep() error {
	if len(p.tail) > 0 {
		return p.other()
	}
	if err := p.Chmod(0o644); err != nil {
		return err
	}
	if err := os.Rename(p.Name(), p.path); err != nil {
		return err
	}
	return p.Close()
}

// leave closes the file; an empty one goes.
func (p *partFile) leave() {
	if info, err := p.Stat(); err == nil && info.Size() == 0 {
		_ = os.Remove(p.Name()) // best effort
	}
	_ = p.Close() // what was written is checked again when it is taken up
}

// getFile writes a content to a file, going on where an earlier try stopped,
// and gives where the first lump came from.
func getFile(ctx context.Context, e *environment, cid, path string) (source string, err error) {
	p, err := openPart(ctx, e, path, cid)
	if err != nil {
		return "", wrapGet(err)
	}
	var bar *progress
	err = e.node().LumpGet(ctx, &control.LumpRequest{CID: cid, Offset: p.at}, func(c *control.LumpChunk) error {
		if bar == nil {
			bar = newProgress(e, "fetching", c.Total)
			bar.add(p.at)
			source = c.Source
		}
		bar.add(int64(len(c.Data)))
		_, err := p.Write(c.Data)
		return err
	})
	if bar != nil {
		bar.done()
	}
	if err == nil {
		err = p.keep()
	}
	if err != nil {
		at := p.at
		p.leave()
		if at > 0 && !errors.Is(err, errOther) {
			e.note("%s.part has %d bytes; the same command goes on from there", path, at)
		}
		return "", wrapGet(err)
	}
	return source, nil
}

func wrapGet(err error) error {
	if _, ok := errors.AsType[*control.Error](err); ok {
		return err
	}
	return fmt.Errorf("lump get: %w", err)
}
