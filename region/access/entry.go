package access

import (
	"fmt"
	"unicode/utf8"

	"github.com/metatopia/metatopia/internal/base"
)

// Kind of an entry. Stored: extend at the end only.
type Kind uint8

const (
	Assign    Kind = iota + 1 // By gives Player Role
	Bring                     // By invites Player as Role
	Expel                     // By sends Player out; Text
	Silence                   // By mutes Player For ticks, 0 until unmuted; Text
	Unsilence                 //
	Prune                     // By bans Player with all whom Player has invited (On), or lets them in again; Text
	List                      // By puts Player on the whitelist (On) or takes them off
	Configure                 // By sets Settings
	SetSecret                 // By sets the password of number For: Record, Public; empty: none
	Attempt                   // By, a server, says that Player at Net tries the password
	Admit                     // Ticket
	kinds
)

var kindNames = [...]string{"", "role", "invite", "kick", "mute", "unmute", "ban branch", "whitelist", "settings", "password", "try", "admit"}

func (k Kind) String() string {
	if k > 0 && k < kinds {
		return kindNames[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Entry is one entry of the log that has to do with access. Only the fields
// named at its kind count, and for all but Admit those from Region to Until.
type Entry struct {
	Kind    Kind
	Region  base.ID
	Epoch   uint64
	By      base.Key
	Counter uint64    // of By, higher than in all its entries before
	Until   base.Tick // the last tick at which it counts

	Player   base.Key
	Role     Role
	On       bool
	For      uint64 // ticks, or a number
	Text     string
	Settings Settings
	Record   []byte   // of OPAQUE, RecordBytes; none clears the password
	Public   [32]byte // the servers' public key that it is for
	Net      uint64   // a network: /24 of IPv4 or /56 of IPv6
	Ticket   Ticket
	Sig      Signature // of By
}

// Layout: kind u8; of Admit the ticket; of all others region 16, epoch u64, by
// 32, counter u64, until u64, what is named at the kind in the order of the
// fields, and the signature 64.
func (x *Entry) appendTo(e *base.Encoder) {
	x.body(e)
	if x.Kind != Admit {
		e.Raw(x.Sig[:])
	}
}

func (x *Entry) body(e *base.Encoder) {
	e.U8(uint8(x.Kind))
	if x.Kind == Admit {
		x.Ticket.appendTo(e)
		return
	}
	e.ID(x.Region)
	e.U64(x.Epoch)
	e.Key(x.By)
	e.U64(x.Counter)
	e.U64(uint64(x.Until))
	switch x.Kind {
	case Assign, Bring:
		e.Key(x.Player)
		e.U8(uint8(x.Role))
	case Expel:
		e.Key(x.Player)
		e.Str(x.Text)
	case Silence:
		e.Key(x.Player)
		e.U64(x.For)
		e.Str(x.Text)
	case Unsilence:
		e.Key(x.Player)
	case Prune:
		e.Key(x.Player)
		e.Bool(x.On)
		e.Str(x.Text)
	case List:
		e.Key(x.Player)
		e.Bool(x.On)
	case Configure:
		x.Settings.appendTo(e)
	case SetSecret:
		e.U64(x.For)
		e.Bytes(x.Record)
		e.Raw(x.Public[:])
	case Attempt:
		e.Key(x.Player)
		e.U64(x.Net)
	}
}

// Bytes is the canonical form.
func (x *Entry) Bytes() []byte {
	var e base.Encoder
	x.appendTo(&e)
	return e.B
}

// Parse reads one entry and checks its form, not its signature. The error is
// Malformed.
func Parse(b []byte) (Entry, error) {
	if len(b) > MaxEntry {
		return Entry{}, fmt.Errorf("access: %w: %d bytes", Malformed, len(b))
	}
	d := base.NewDecoder(b)
	x := read(d)
	if err := d.Done(); err != nil {
		return Entry{}, fmt.Errorf("access: %w: %w", Malformed, err)
	}
	return x, nil
}

func read(d *base.Decoder) (x Entry) {
	x.Kind = Kind(d.U8())
	if x.Kind == Admit {
		x.Ticket = readTicket(d)
		return x
	}
	x.Region, x.Epoch, x.By, x.Counter, x.Until = d.ID(), d.U64(), d.Key(), d.U64(), base.Tick(d.U64())
	switch x.Kind {
	case Assign, Bring:
		x.Player, x.Role = d.Key(), Role(d.U8())
	case Expel:
		x.Player, x.Text = d.Key(), readText(d)
	case Silence:
		x.Player, x.For, x.Text = d.Key(), d.U64(), readText(d)
	case Unsilence:
		x.Player = d.Key()
	case Prune:
		x.Player, x.On, x.Text = d.Key(), d.Bool(), readText(d)
	case List:
		x.Player, x.On = d.Key(), d.Bool()
	case Configure:
		x.Settings = readSettings(d)
	case SetSecret:
		x.For = d.U64()
		x.Record = d.Bytes(RecordBytes)
		copy(x.Public[:], d.Raw(len(x.Public)))
		if n := len(x.Record); d.Err() == nil && n != 0 && n != RecordBytes {
			d.Fail(fmt.Errorf("record of %d bytes", n))
		}
	case Attempt:
		x.Player, x.Net = d.Key(), d.U64()
	default:
		d.Fail(fmt.Errorf("kind %d", x.Kind))
	}
	copy(x.Sig[:], d.Raw(len(x.Sig)))
	return x
}

// readText reads a reason: it may be empty, and reaches terminals.
func readText(d *base.Decoder) string {
	s := d.Str(MaxText)
	if d.Err() == nil && !printable(s) {
		d.Fail(fmt.Errorf("text is not printable"))
	}
	return s
}

func printable(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if r < ' ' || (r >= 0x7f && r <= 0x9f) || r == 0x2028 || r == 0x2029 {
			return false
		}
	}
	return true
}

const entryDomain = "metatopia/region/access/1\n"

// SigningBytes is what By signs: the domain and all of the entry but the
// signature. Region and epoch are in it, so that it counts nowhere else.
func (x *Entry) SigningBytes() []byte {
	var e base.Encoder
	e.Raw([]byte(entryDomain))
	x.body(&e)
	return e.B
}
