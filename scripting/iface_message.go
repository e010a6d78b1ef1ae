package scripting

import (
	"encoding/binary"
	"time"

	"github.com/metatopia/metatopia/scripting/process"
)

// Kinds of a letter in mt:message@1.
const (
	letterNone    = 0
	letterMessage = 1
	letterDown    = 2
	letterExit    = 3
	letterTimer   = 4
)

func kindOf(l *process.Letter) int32 {
	if l.Signal == nil {
		return letterMessage
	}
	return int32(l.Signal.Kind) + letterDown - int32(process.Down)
}

// mt:message@1

func messageFuncs() []hostFunc {
	const m = "mt:message@1"
	// signal reads something of the current letter's signal.
	signal := func(of func(*process.Signal) uint64) func(*guest, []uint64) {
		return func(g *guest, s []uint64) {
			s[0] = 0
			if sig := g.p.current().Signal; sig != nil {
				s[0] = of(sig)
			}
		}
	}
	return []hostFunc{
		fn(m, "receive", "iiI:i", forProcess, receive),
		fn(m, "kind", ":i", forProcess, func(g *guest, s []uint64) { ret(s, g.p.letterKind()) }),
		fn(m, "size", ":i", forProcess, func(g *guest, s []uint64) { ret(s, int32(len(g.p.current().Data))) }),
		fn(m, "read", "ii:i", forProcess, func(g *guest, s []uint64) {
			data := g.p.current().Data
			copy(g.view(uint32(s[0]), uint32(s[1])), data)
			ret(s, int32(len(data)))
		}),
		fn(m, "tag", ":I", forProcess, func(g *guest, s []uint64) { s[0] = uint64(g.p.current().Tag) }),
		fn(m, "from_node", ":i", forProcess, func(g *guest, s []uint64) {
			s[0] = 0
			if g.p.current().Node {
				s[0] = 1
			}
		}),
		fn(m, "caps", ":i", forProcess, func(g *guest, s []uint64) { ret(s, int32(len(g.p.current().Caps))) }),
		fn(m, "cap", "i:i", forProcess, func(g *guest, s []uint64) {
			i, caps := uint32(s[0]), g.p.current().Caps
			if i >= uint32(len(caps)) {
				ret(s, codeNotFound)
				return
			}
			ret(s, g.p.hold(caps[i]))
		}),
		fn(m, "ref", ":I", forProcess, signal(func(sig *process.Signal) uint64 { return sig.Ref })),
		fn(m, "reason", ":i", forProcess, signal(func(sig *process.Signal) uint64 { return uint64(sig.Reason.End) })),
		fn(m, "code", ":i", forProcess, signal(func(sig *process.Signal) uint64 { return uint64(uint32(sig.Reason.Code)) })),
		fn(m, "reason_text", "ii:i", forProcess, func(g *guest, s []uint64) {
			text := ""
			if sig := g.p.current().Signal; sig != nil && sig.Kind != process.Timer {
				text = clean(sig.Reason.String(), maxLine)
			}
			ret(s, g.give(s[0], s[1], text))
		}),
		fn(m, "send", "iIii:i", forProcess, func(g *guest, s []uint64) {
			ret(s, g.send(s[0], int64(s[1]), s[2], s[3], nil))
		}),
		fn(m, "send_caps", "iIiiii:i", forProcess, sendCaps),
		fn(m, "timer", "I:I", forProcess, func(g *guest, s []uint64) {
			ms := min(max(int64(s[0]), 0), maxWait)
			ref, err := g.p.proc.SetTimer(time.Duration(ms) * time.Millisecond)
			if err != nil {
				s[0] = uint64(int64(codeOf(err)))
				return
			}
			s[0] = ref
		}),
		fn(m, "cancel", "I:i", forProcess, func(g *guest, s []uint64) {
			if !g.p.proc.StopTimer(s[0]) {
				ret(s, codeNotFound)
				return
			}
			ret(s, 0)
		}),
	}
}

// noLetter is the current one of a blocking process that has taken none, and
// while a process starts.
var noLetter process.Letter

func (a *actor) current() *process.Letter {
	if a.letter == nil {
		return &noLetter
	}
	return a.letter
}

func (a *actor) letterKind() int32 {
	if a.letter == nil {
		return letterNone
	}
	return kindOf(a.letter)
}

// receive takes the next letter that fits.
func receive(g *guest, s []uint64) {
	a, n := g.p, uint32(s[1])
	switch {
	case a.kind != KindBlocking:
		ret(s, codeRefused)
		return
	case n > maxTags:
		ret(s, codeTooLarge)
		return
	}
	var pick process.Pick
	if n > 0 {
		tags := g.view(uint32(s[0]), 8*n)
		for ; len(tags) > 0; tags = tags[8:] {
			pick.Tags = append(pick.Tags, int64(binary.LittleEndian.Uint64(tags)))
		}
	}
	d := time.Duration(-1)
	if ms := int64(s[2]); ms >= 0 {
		d = time.Duration(min(ms, maxWait)) * time.Millisecond
	}
	l := a.letter
	if l == nil {
		l = &process.Letter{}
	}
	*l, a.letter = process.Letter{}, nil
	a.pause()
	got, err := a.proc.Receive(pick, d, l)
	if err != nil {
		panic(ErrKilled)
	}
	a.resume()
	if !got {
		ret(s, codeTimeout)
		return
	}
	a.letter = l
	ret(s, kindOf(l))
}

// send copies a message and puts it into a mailbox.
func (g *guest) send(handle uint64, tag int64, ptr, n uint64, caps []*process.Cap) int32 {
	c, code := g.p.cap(handle)
	switch {
	case code != 0:
		return code
	case uint32(n) > MaxMessage:
		return codeTooLarge
	}
	from := g.viewFor(uint32(ptr), uint32(n), gasSend)
	data := make([]byte, len(from))
	copy(data, from)
	return codeOf(c.Send(process.Letter{Tag: tag, Data: data, Caps: caps}))
}

func sendCaps(g *guest, s []uint64) {
	n := uint32(s[5])
	if n > process.MaxCaps {
		ret(s, codeTooLarge)
		return
	}
	caps := make([]*process.Cap, n)
	for i, list := 0, g.view(uint32(s[4]), 4*n); len(list) > 0; i, list = i+1, list[4:] {
		c, code := g.p.cap(uint64(binary.LittleEndian.Uint32(list)))
		if code != 0 {
			ret(s, code)
			return
		}
		caps[i] = c
	}
	ret(s, g.send(s[0], int64(s[1]), s[2], s[3], caps))
}
