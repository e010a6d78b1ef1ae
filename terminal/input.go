package terminal

import "unicode/utf8"

// input is the line being typed.
type input struct {
	text    []rune
	at      int // the cursor, 0 to len(text)
	history []string
	recall  int // index in history, len(history) when not recalling
	held    []rune
	hidden  bool // a password: neither shown nor remembered
}

const prompt = "> "

// press applies a key; done is the line when it was Enter.
func (in *input) press(k key) (done string, entered bool) {
	switch k {
	case keyEnter:
		done = string(in.text)
		if !in.hidden {
			in.remember(done)
		}
		in.text, in.at = nil, 0
		return done, true
	case keyBack:
		if in.at > 0 {
			in.text = append(in.text[:in.at-1], in.text[in.at:]...)
			in.at--
		}
	case keyDelete:
		if in.at < len(in.text) {
			in.text = append(in.text[:in.at], in.text[in.at+1:]...)
		}
	case keyLeft:
		in.at = max(in.at-1, 0)
	case keyRight:
		in.at = min(in.at+1, len(in.text))
	case keyHome:
		in.at = 0
	case keyEnd:
		in.at = len(in.text)
	case keyEraseLine:
		in.text, in.at = nil, 0
	case keyEraseWord:
		from := in.at
		for from > 0 && in.text[from-1] == ' ' {
			from--
		}
		for from > 0 && in.text[from-1] != ' ' {
			from--
		}
		in.text = append(in.text[:from], in.text[in.at:]...)
		in.at = from
	case keyUp:
		if in.recall > 0 && !in.hidden {
			if in.recall == len(in.history) {
				in.held = in.text
			}
			in.recall--
			in.set([]rune(in.history[in.recall]))
		}
	case keyDown:
		if in.recall < len(in.history) && !in.hidden {
			in.recall++
			if in.recall == len(in.history) {
				in.set(in.held)
			} else {
				in.set([]rune(in.history[in.recall]))
			}
		}
	default:
		if k <= utf8.MaxRune && in.bytes()+utf8.RuneLen(k) <= maxInput {
			in.text = append(in.text[:in.at], append([]rune{k}, in.text[in.at:]...)...)
			in.at++
		}
	}
	return "", false
}

func (in *input) set(text []rune) { in.text, in.at = append([]rune(nil), text...), len(text) }

func (in *input) bytes() int { return len(string(in.text)) }

func (in *input) remember(s string) {
	if s != "" && (len(in.history) == 0 || in.history[len(in.history)-1] != s) {
		in.history = append(in.history, s)
		if len(in.history) > maxHistory {
			in.history = in.history[1:]
		}
	}
	in.recall, in.held = len(in.history), nil
}

// draw writes the prompt and the part of the line around the cursor that fits.
func (in *input) draw(g *grid, y int) (x, cy int) {
	at := g.put(0, y, bold, prompt)
	if in.hidden {
		return at, y
	}
	room := g.w - at - 1 // one cell for the cursor behind the text
	from := 0
	for from < in.at && textCells(string(in.text[from:in.at])) > room {
		from++
	}
	x = at + textCells(string(in.text[from:in.at]))
	g.put(at, y, plain, string(in.text[from:]))
	return min(x, g.w-1), y
}
