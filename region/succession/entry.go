package succession

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
)

// Kind of an entry. Stored: extend at the end only.
type Kind uint8

const (
	Login    Kind = iota + 1 // By came; Server, Guest
	Presence                 // By, a server, says that Player's session is open
	Beat                     // Samples of the servers' clocks
	Ban                      // By bans Player
	Unban                    //
	Appoint                  // By makes Player a permanent admin
	Remove                   // By takes that from Player
	Set                      // By sets Settings
	Resign                   // By is no permanent admin any more
	Opt                      // By will not be temporary admin (Out), or will again
	Rotate                   // By is Player from now on, who signs too
	Members                  // By changes Servers
	Act                      // By asks the region for Body; the region judges
	Renew                    // By, the founder, begins Epoch with Servers: see State.Renew
	kinds
)

// Signature is Ed25519.
type Signature [64]byte

// Sample is what a server says that the time is, in ms since 1970.
type Sample struct {
	Server base.Key
	Wall   int64
	Sig    Signature
}

// Entry is one entry of the control log that has to do with roles. Only the
// fields named at its kind count, and By, Counter, Head and Sig for all but Beat.
type Entry struct {
	Kind    Kind
	By      base.Key
	Counter uint64 // of By, higher than in all its entries before
	Head    Head   // of the log that By had seen
	Player  base.Key
	Guest   bool
	Out     bool

	Settings Settings
	Servers  []base.Key
	Samples  []Sample // sorted by server
	Epoch    uint64   // of Renew
	Body     []byte   // of Act: what the region makes of it is not this package's

	Server    base.Key // that took the login
	ServerSig Signature
	PlayerSig Signature // of Rotate
	Sig       Signature
}

// Layout: kind u8; of a beat the samples (count u32, each 32, i64, 64); of all
// others by 32, counter u64, head (u64, 32), what is named at the kind, and the
// signatures: first the server's or the player's, then By's.
func (x *Entry) appendTo(e *base.Encoder) {
	x.body(e)
	switch x.Kind {
	case Beat:
		return
	case Login:
		e.Raw(x.ServerSig[:])
	case Rotate:
		e.Raw(x.PlayerSig[:])
	}
	e.Raw(x.Sig[:])
}

func (x *Entry) body(e *base.Encoder) {
	e.U8(uint8(x.Kind))
	if x.Kind == Beat {
		e.U32(uint32(len(x.Samples)))
		for i := range x.Samples {
			s := &x.Samples[i]
			e.Key(s.Server)
			e.I64(s.Wall)
			e.Raw(s.Sig[:])
		}
		return
	}
	e.Key(x.By)
	e.U64(x.Counter)
	x.Head.appendTo(e)
	switch x.Kind {
	case Login:
		e.Bool(x.Guest)
		e.Key(x.Server)
	case Presence, Ban, Unban, Appoint, Remove, Rotate:
		e.Key(x.Player)
	case Set:
		x.Settings.appendTo(e)
	case Opt:
		e.Bool(x.Out)
	case Members:
		appendKeys(e, x.Servers)
	case Renew:
		e.U64(x.Epoch)
		appendKeys(e, x.Servers)
	case Act:
		e.Bytes(x.Body)
	}
}

// Bytes is the canonical form.
func (x *Entry) Bytes() []byte {
	var e base.Encoder
	x.appendTo(&e)
	return e.B
}

// Parse reads one entry and checks its form, not its signatures. The error is
// ErrEntry.
func Parse(b []byte) (Entry, error) {
	if len(b) > MaxEntry {
		return Entry{}, fmt.Errorf("succession: %w: %d bytes", ErrEntry, len(b))
	}
	d := base.NewDecoder(b)
	x := read(d)
	if err := d.Done(); err != nil {
		return Entry{}, fmt.Errorf("succession: %w: %w", ErrEntry, err)
	}
	return x, nil
}

func read(d *base.Decoder) (x Entry) {
	x.Kind = Kind(d.U8())
	if x.Kind == Beat {
		for range d.Count(MaxServers, 32+8+64) {
			s := Sample{Server: d.Key(), Wall: d.I64()}
			readSig(d, &s.Sig)
			x.Samples = append(x.Samples, s)
		}
		return x
	}
	x.By, x.Counter, x.Head = d.Key(), d.U64(), readHead(d)
	switch x.Kind {
	case Login:
		x.Guest, x.Server = d.Bool(), d.Key()
		readSig(d, &x.ServerSig)
	case Presence, Ban, Unban, Appoint, Remove:
		x.Player = d.Key()
	case Rotate:
		x.Player = d.Key()
		readSig(d, &x.PlayerSig)
	case Set:
		x.Settings = readSettings(d)
	case Opt:
		x.Out = d.Bool()
	case Members:
		x.Servers = readKeys(d, MaxServers)
	case Renew:
		x.Epoch, x.Servers = d.U64(), readKeys(d, MaxServers)
	case Act:
		x.Body = d.Bytes(MaxBody)
	case Resign:
	default:
		d.Fail(fmt.Errorf("kind %d", x.Kind))
	}
	readSig(d, &x.Sig)
	return x
}

func readSig(d *base.Decoder, s *Signature) { copy(s[:], d.Raw(len(s))) }
