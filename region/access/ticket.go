package access

import (
	"github.com/metatopia/metatopia/internal/base"
)

// Ticket is a server's word that a player has shown the region's password. It
// counts for one player in one region and epoch, as long as that password is
// the one in force, up to a tick.
type Ticket struct {
	Region base.ID
	Epoch  uint64
	Secret uint64 // number of the password, Secret.Number
	Player base.Key
	Nonce  [16]byte
	Until  base.Tick // the last tick at which the player may come in with it
	Server base.Key
	Sig    Signature // of Server
}

// TicketBytes is the size of a ticket.
const TicketBytes = 16 + 8 + 8 + 32 + 16 + 8 + 32 + 64

const ticketDomain = "metatopia/region/ticket/1\n"

// Layout: region 16, epoch u64, secret u64, player 32, nonce 16, until u64,
// server 32, signature 64.
func (t *Ticket) body(e *base.Encoder) {
	e.ID(t.Region)
	e.U64(t.Epoch)
	e.U64(t.Secret)
	e.Key(t.Player)
	e.Raw(t.Nonce[:])
	e.U64(uint64(t.Until))
	e.Key(t.Server)
}

func (t *Ticket) appendTo(e *base.Encoder) {
	t.body(e)
	e.Raw(t.Sig[:])
}

// Bytes is the canonical form.
func (t *Ticket) Bytes() []byte {
	var e base.Encoder
	t.appendTo(&e)
	return e.B
}

// SigningBytes is what the server signs: the domain and all but the signature.
func (t *Ticket) SigningBytes() []byte {
	var e base.Encoder
	e.Raw([]byte(ticketDomain))
	t.body(&e)
	return e.B
}

func readTicket(d *base.Decoder) (t Ticket) {
	t.Region, t.Epoch, t.Secret, t.Player = d.ID(), d.U64(), d.U64(), d.Key()
	copy(t.Nonce[:], d.Raw(len(t.Nonce)))
	t.Until, t.Server = base.Tick(d.U64()), d.Key()
	copy(t.Sig[:], d.Raw(len(t.Sig)))
	return t
}

// ParseTicket reads one and checks its form only.
func ParseTicket(b []byte) (Ticket, error) {
	d := base.NewDecoder(b)
	t := readTicket(d)
	if d.Done() != nil {
		return Ticket{}, Malformed
	}
	return t, nil
}

// Check says whether a ticket lets its player in at a tick, as every replica
// judges it.
func (s *State) Check(t *Ticket, now base.Tick, r Rights) error {
	switch {
	case t.Region != s.region:
		return Region
	case t.Epoch != r.Epoch():
		return past(t.Epoch, r.Epoch())
	case !r.Server(t.Server):
		return Server
	case !s.verify(t.Server, t.SigningBytes(), t.Sig[:]):
		return Forged
	case t.Until < now:
		return Expired
	case t.Until > now+MaxTicket:
		return Ahead
	case t.Secret != s.secret.Number || len(s.secret.Record) == 0:
		return Stale
	}
	return nil
}
