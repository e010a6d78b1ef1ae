package terminal

// Telnet commands and options (RFC 854, 857, 858, 856, 1073, 1091).
const (
	cmdSE   = 240
	cmdSB   = 250
	cmdWILL = 251
	cmdWONT = 252
	cmdDO   = 253
	cmdDONT = 254
	cmdIAC  = 255

	optBinary = 0
	optEcho   = 1
	optSGA    = 3
	optTType  = 24
	optNAWS   = 31
)

// event is one piece of what a client sent: data, an option command, or a
// subnegotiation.
type event struct {
	data []byte // typed bytes, when cmd is 0
	cmd  byte   // cmdWILL .. cmdDONT, or cmdSB with sub
	opt  byte
	sub  []byte
}

type parseState uint8

const (
	stData parseState = iota
	stIAC
	stOption // after WILL, WONT, DO, DONT
	stSub    // within SB
	stSubIAC // IAC within SB
)

// parser takes a telnet stream apart. It keeps at most maxSub bytes and gives
// the same events however the stream is cut into reads, apart from where data
// is cut.
type parser struct {
	state parseState
	cmd   byte
	sub   []byte
	over  bool // the subnegotiation was too long: it is dropped whole
	cr    bool // the last data byte was CR: an LF or NUL after it belongs to it
}

// feed appends the events in b to out. Data in the events is new memory.
func (p *parser) feed(b []byte, out []event) []event {
	var data []byte
	flush := func() {
		if len(data) > 0 {
			out = append(out, event{data: data})
			data = nil
		}
	}
	for _, c := range b {
		switch p.state {
		case stData:
			switch {
			case c == cmdIAC:
				p.state = stIAC
			case p.cr && (c == '\n' || c == 0):
				p.cr = false
			default:
				p.cr = c == '\r'
				data = append(data, c)
			}
		case stIAC:
			switch c {
			case cmdIAC: // an escaped 255
				data = append(data, c)
				p.state, p.cr = stData, false
			case cmdWILL, cmdWONT, cmdDO, cmdDONT:
				p.cmd, p.state = c, stOption
			case cmdSB:
				p.sub, p.over, p.state = p.sub[:0], false, stSub
			default: // NOP, AYT and the rest: nothing to do
				p.state = stData
			}
		case stOption:
			flush()
			out = append(out, event{cmd: p.cmd, opt: c})
			p.state = stData
		case stSub:
			if c == cmdIAC {
				p.state = stSubIAC
			} else {
				p.keep(c)
			}
		case stSubIAC:
			switch c {
			case cmdIAC:
				p.keep(c)
				p.state = stSub
			case cmdSE:
				if !p.over && len(p.sub) > 0 {
					flush()
					out = append(out, event{cmd: cmdSB, opt: p.sub[0], sub: append([]byte(nil), p.sub[1:]...)})
				}
				p.state = stData
			default: // a broken subnegotiation: drop it
				p.state = stData
			}
		}
	}
	flush()
	return out
}

func (p *parser) keep(c byte) {
	if len(p.sub) >= maxSub {
		p.over = true
		return
	}
	p.sub = append(p.sub, c)
}

// negotiation is what the two sides have agreed on.
type negotiation struct {
	spoken        bool // the client answers as a telnet client does
	echo          bool // it lets us echo: we own the line
	width, height int
	term          string
	answered      [4]([256 / 8]byte) // one refusal for each command and option, so that no loop can start
}

// greeting asks for character mode, the window's size, the terminal's name and
// eight bits.
func greeting() []byte {
	return []byte{
		cmdIAC, cmdWILL, optEcho, cmdIAC, cmdWILL, optSGA, cmdIAC, cmdDO, optSGA,
		cmdIAC, cmdDO, optNAWS, cmdIAC, cmdDO, optTType,
		cmdIAC, cmdWILL, optBinary, cmdIAC, cmdDO, optBinary,
	}
}

// handle takes a command and gives the bytes to answer.
func (n *negotiation) handle(e event) []byte {
	n.spoken = true
	switch e.cmd {
	case cmdSB:
		return n.subnegotiation(e)
	case cmdDO:
		if e.opt == optEcho {
			n.echo = true
		}
		if e.opt == optEcho || e.opt == optSGA || e.opt == optBinary {
			return nil // agrees to what the greeting offered
		}
		return n.refuse(e, cmdWONT)
	case cmdDONT:
		if e.opt == optEcho {
			n.echo = false
		}
	case cmdWILL:
		switch e.opt {
		case optTType:
			return n.once(e, []byte{cmdIAC, cmdSB, optTType, 1, cmdIAC, cmdSE}) // SEND
		case optSGA, optNAWS, optBinary:
			return nil
		}
		return n.refuse(e, cmdDONT)
	}
	return nil
}

func (n *negotiation) subnegotiation(e event) []byte {
	switch {
	case e.opt == optNAWS && len(e.sub) == 4:
		n.width = size(int(e.sub[0])<<8|int(e.sub[1]), minWidth, maxWidth, defaultWidth)
		n.height = size(int(e.sub[2])<<8|int(e.sub[3]), minHeight, maxHeight, defaultHeight)
	case e.opt == optTType && len(e.sub) > 1 && e.sub[0] == 0: // IS
		n.term = clean(string(e.sub[1:]))
	}
	return nil
}

func (n *negotiation) refuse(e event, with byte) []byte {
	return n.once(e, []byte{cmdIAC, with, e.opt})
}

func (n *negotiation) once(e event, answer []byte) []byte {
	set := &n.answered[e.cmd-cmdWILL][e.opt/8]
	if *set&(1<<(e.opt%8)) != 0 {
		return nil
	}
	*set |= 1 << (e.opt % 8)
	return answer
}

// size bounds a dimension; 0 means that the client does not know it.
func size(v, least, most, unknown int) int {
	if v == 0 {
		return unknown
	}
	return min(max(v, least), most)
}
