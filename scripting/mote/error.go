package mote

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// Error is why a program was not compiled, and where.
type Error struct {
	Line, Column int // from 1; columns count characters
	Text         string
}

func (e *Error) Error() string { return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Text) }

// fail ends the compilation; Compile catches it.
func (c *compiler) fail(at int, format string, args ...any) {
	before := c.src[:min(at, len(c.src))]
	line := bytes.LastIndexByte(before, '\n') + 1
	panic(&Error{
		Line:   bytes.Count(before, []byte("\n")) + 1,
		Column: utf8.RuneCount(before[line:]) + 1,
		Text:   fmt.Sprintf(format, args...),
	})
}
