package screen

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// What a process wants to be told of.
type What uint32

const (
	Keys     What = 1 // key NAME, up NAME
	Typed    What = 2 // text WORDS
	Pointer  What = 4 // press, move, release: BUTTON COL ROW X Y
	Watchers What = 8 // watch N
	all           = Keys | Typed | Pointer | Watchers
)

// Listen says how the process is told of what a person does.
func (s *Screen) Listen(tag int64, what What) error {
	if what&^all != 0 {
		return ErrValue
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tag, s.what = tag, what
	return nil
}

// Wanted tells whether the process wants to know of an event, and the tag.
func (s *Screen) Wanted(event string) (tag int64, ok bool) {
	kind, err := CheckEvent(event)
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tag, err == nil && !s.ended && s.what&kind != 0
}

// CheckEvent tells what kind of event a text is. A key has the name that
// browsers give it (KeyboardEvent.key, "a", "Enter", "ArrowUp"), the space bar
// "Space". Text is one or more characters. Places are the cell and the pixel,
// -1 where there is no grid or no picture.
func CheckEvent(event string) (What, error) {
	if len(event) > MaxEvent || !utf8.ValidString(event) {
		return 0, fmt.Errorf("event: %w", ErrTooLarge)
	}
	word, rest, _ := strings.Cut(event, " ")
	switch word {
	case "key", "up":
		if rest != "" && !strings.ContainsFunc(rest, func(r rune) bool { return r == ' ' || visible(r) != r }) {
			return Keys, nil
		}
	case "text":
		if rest != "" && !strings.ContainsFunc(rest, func(r rune) bool { return r != '\n' && r != '\t' && visible(r) != r }) {
			return Typed, nil
		}
	case "press", "move", "release":
		if f := strings.Fields(rest); len(f) == 5 && numbers(f) {
			return Pointer, nil
		}
	case "watch":
		if f := strings.Fields(rest); len(f) == 1 && numbers(f) {
			return Watchers, nil
		}
	}
	return 0, fmt.Errorf("event %q: %w", word, ErrValue)
}

func numbers(words []string) bool {
	for _, w := range words {
		if n, err := strconv.Atoi(w); err != nil || n < -1 || n > MaxReach {
			return false
		}
	}
	return true
}
