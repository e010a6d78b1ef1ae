package assets

import (
	"bytes"
	"context"
	"unicode/utf8"
)

// Text is the form of ClassText and ClassScript.
type Text struct {
	Text  string // valid UTF-8 without NUL
	Lines int
}

// Memory implements Form.
func (t *Text) Memory() int64 { return int64(len(t.Text)) }

// looksText is the last question of all: whatever is UTF-8 without the
// control characters that no text has is text.
func looksText(b []byte) bool {
	return utf8.Valid(b) && !bytes.ContainsFunc(b, func(r rune) bool {
		return r < ' ' && r != '\n' && r != '\r' && r != '\t' && r != '\f' || r == 0x7f
	})
}

func measureText(b []byte, as Class) (int64, error) {
	most := int64(MaxText)
	if as == ClassScript {
		most = MaxScript
	}
	return int64(len(b)), within("bytes of "+as.String(), int64(len(b)), most)
}

func decodeText(_ context.Context, b []byte, _ Class) (Form, error) {
	if !looksText(b) {
		return nil, malformed("not UTF-8 text")
	}
	lines := bytes.Count(b, []byte("\n"))
	if len(b) > 0 && b[len(b)-1] != '\n' {
		lines++
	}
	return &Text{Text: string(b), Lines: lines}, nil
}
