package door

import (
	"fmt"
	"io"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/access"
)

// What a stream is for: its first byte.
const (
	askLogin    = iota + 1 // nonce 32; code, nonce 32; KE1; code, KE2; KE3; code, ticket, MAC
	askRegister            // request 32; code, number u64, response 64
	askSubmit              // length u16, entry; code, tick u64
	askStatus              // nothing; code, Status
	askReport              // nothing; code, length u32, Report
	askKeys                // nothing; code, seed 64, secret 32
)

// answer sends a code and what goes with OK.
func answer(w io.Writer, err error, body ...[]byte) error {
	code := codeOf(err)
	b := []byte{byte(code)}
	if code == access.OK {
		for _, x := range body {
			b = append(b, x...)
		}
	}
	_, werr := w.Write(b)
	if err != nil {
		return err
	}
	return werr
}

// heard reads a code, and with OK so many bytes.
func heard(r io.Reader, n int) ([]byte, error) {
	b := make([]byte, 1+n)
	if _, err := io.ReadFull(r, b[:1]); err != nil {
		return nil, fmt.Errorf("door: %w: %w", access.Gone, err)
	}
	if c := access.Code(b[0]); c != access.OK {
		if !c.Known() {
			return nil, fmt.Errorf("door: answer %d", b[0])
		}
		return nil, c
	}
	if _, err := io.ReadFull(r, b[1:]); err != nil {
		return nil, fmt.Errorf("door: %w: %w", access.Gone, err)
	}
	return b[1:], nil
}

func exactly(r io.Reader, n int) ([]byte, error) {
	b := make([]byte, n)
	_, err := io.ReadFull(r, b)
	return b, err
}

// Status is what a region tells a peer about itself and that peer.
type Status struct {
	Tick      base.Tick
	Epoch     uint64
	Role      access.Role
	May       access.Cap
	Enter     access.Code // why the peer may not come in
	Secret    uint64      // number of the password
	Locked    bool        // there is a password
	Whitelist bool
	Muted     bool
	Rules     uint8  // what the region holds scripts to: region.Rules
	Left      uint32 // servers that left with the password's keys; admins are told
}

const sizeStatus = 8 + 8 + 1 + 2 + 1 + 8 + 3 + 1 + 4

func (s *Status) bytes() []byte {
	var e base.Encoder
	e.U64(uint64(s.Tick))
	e.U64(s.Epoch)
	e.U8(uint8(s.Role))
	e.U16(uint16(s.May))
	e.U8(uint8(s.Enter))
	e.U64(s.Secret)
	e.Bool(s.Locked)
	e.Bool(s.Whitelist)
	e.Bool(s.Muted)
	e.U8(s.Rules)
	e.U32(s.Left)
	return e.B
}

func parseStatus(b []byte) (s Status, err error) {
	d := base.NewDecoder(b)
	s = Status{Tick: base.Tick(d.U64()), Epoch: d.U64(), Role: access.Role(d.U8()), May: access.Cap(d.U16()), Enter: access.Code(d.U8()), Secret: d.U64(),
		Locked: d.Bool(), Whitelist: d.Bool(), Muted: d.Bool(), Rules: d.U8(), Left: d.U32()}
	if d.Err() == nil && (s.Role > access.Admin || !s.Enter.Known()) {
		d.Fail(fmt.Errorf("role %d, code %d", s.Role, s.Enter))
	}
	return s, d.Done()
}

// Report is what an admin is shown: the audit trail and the members, the newest
// ones of both.
type Report struct {
	Tick     base.Tick
	Settings access.Settings
	Tried    uint64 // password tries
	Came     uint64 // tickets
	Lines    []access.Line
	Members  []access.Member
}

const maxReport = 1 << 20

func (r *Report) bytes() []byte {
	var e base.Encoder
	e.U64(uint64(r.Tick))
	e.U8(uint8(r.Settings.Default))
	for _, c := range r.Settings.May {
		e.U16(uint16(c))
	}
	e.Bool(r.Settings.Whitelist)
	e.U64(r.Tried)
	e.U64(r.Came)
	e.U32(uint32(len(r.Lines)))
	for _, l := range r.Lines {
		e.U64(uint64(l.At))
		e.U8(uint8(l.Kind))
		e.Key(l.By)
		e.Key(l.Player)
		e.Str(l.Text)
	}
	e.U32(uint32(len(r.Members)))
	for _, m := range r.Members {
		e.Key(m.Key)
		e.U8(uint8(m.Role))
		e.Bool(m.Listed)
		e.Key(m.Inviter)
		e.U64(uint64(m.Muted))
		e.Bool(m.Pruned)
	}
	return e.B
}

func parseReport(b []byte) (*Report, error) {
	d := base.NewDecoder(b)
	r := &Report{Tick: base.Tick(d.U64())}
	r.Settings.Default = access.Role(d.U8())
	for i := range r.Settings.May {
		r.Settings.May[i] = access.Cap(d.U16())
	}
	r.Settings.Whitelist = d.Bool()
	r.Tried, r.Came = d.U64(), d.U64()
	for range d.Count(maxLines, 8+1+32+32+4) {
		r.Lines = append(r.Lines, access.Line{At: base.Tick(d.U64()), Kind: access.Kind(d.U8()), By: d.Key(), Player: d.Key(), Text: d.Str(access.MaxText + 64)})
	}
	for range d.Count(maxMembers, 32+1+1+32+8+1) {
		r.Members = append(r.Members, access.Member{Key: d.Key(), Role: access.Role(d.U8()), Listed: d.Bool(), Inviter: d.Key(), Muted: base.Tick(d.U64()), Pruned: d.Bool()})
	}
	if err := d.Done(); err != nil {
		return nil, fmt.Errorf("door: report: %w", err)
	}
	return r, nil
}
