package main

import (
	"fmt"
	"io"
	"os"

	"github.com/metatopia/metatopia/node/control"
)

// download writes what a call sends to a file, which appears when it is whole,
// or to standard output; what names the work to a person. It gives the source
// of the content when a file was written.
func download(e *environment, command, what, output string, call func(send func(*control.LumpChunk) error) error) (source string, err error) {
	out := e.Out
	var file *newFile
	if output != "" && output != "-" {
		if file, err = createFile(output); err != nil {
			return "", fmt.Errorf("%s: %w", command, err)
		}
		defer file.abandon()
		out = file
	}
	var p *progress
	err = call(func(chunk *control.LumpChunk) error {
		if p == nil {
			p = newProgress(e, what, chunk.Total)
			source = chunk.Source
		}
		p.add(int64(len(chunk.Data)))
		_, err := out.Write(chunk.Data)
		return err
	})
	if p != nil {
		p.done()
	}
	if err != nil || file == nil {
		return "", err
	}
	if err := file.keep(); err != nil {
		return "", fmt.Errorf("%s: %w", command, err)
	}
	return source, nil
}

// upload gives a call the chunks of a file, or of standard input for "-".
func upload(e *environment, command, what, name string, call func(next func() ([]byte, error)) error) error {
	in, total := e.In, int64(0)
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return fmt.Errorf("%s: %w", command, err)
		}
		defer f.Close()
		if info, err := f.Stat(); err == nil {
			if info.IsDir() && command == "lump add" {
				return usagef("pack it first: tar c DIR | metatopia lump add -", "%s: %s is a directory", command, name)
			}
			total = info.Size()
		}
		in = f
	}
	p := newProgress(e, what, total)
	err := call(chunks(in, p))
	p.done()
	return err
}

// chunks reads in whole chunks until EOF. The slice it gives is reused.
func chunks(in io.Reader, p *progress) func() ([]byte, error) {
	buf := make([]byte, control.MaxChunkBytes)
	return func() ([]byte, error) {
		n, err := io.ReadFull(in, buf)
		if n > 0 {
			p.add(int64(n))
			return buf[:n], nil
		}
		if err == io.ErrUnexpectedEOF {
			err = io.EOF
		}
		return nil, err
	}
}
