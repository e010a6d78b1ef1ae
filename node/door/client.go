package door

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"strings"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/access"
)

// Peers are the two ends of a stream, as libp2p has authenticated them.
type Peers struct {
	Region base.ID
	Client base.Key
	Server base.Key
}

// begin opens a question; the stream closes when ctx ends.
func begin(ctx context.Context, rw io.ReadWriteCloser, kind byte, body ...[]byte) (end func(), err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	stop := context.AfterFunc(ctx, func() { rw.Close() })
	end = func() { stop(); cancel(); rw.Close() }
	b := []byte{kind}
	for _, x := range body {
		b = append(b, x...)
	}
	if _, err := rw.Write(b); err != nil {
		end()
		return nil, fmt.Errorf("door: %w: %w", access.Gone, err)
	}
	return end, nil
}

// CheckPassword says whether a password can be one.
func CheckPassword(p []byte) error {
	if len(p) < MinPassword || len(p) > MaxPassword {
		return fmt.Errorf("door: a password has 1 to %d bytes: %w", MaxPassword, access.Value)
	}
	return nil
}

// Login shows a region's password to one of its servers and gives the ticket,
// which is in the log by then. It takes about a second of this machine's time.
// The error wraps access.Wrong when the password is wrong, or when the server
// does not know it either, and access.Between when a server of the region said
// what another one passed on.
func Login(ctx context.Context, rw io.ReadWriteCloser, p Peers, password []byte) (access.Ticket, error) {
	var none access.Ticket
	if err := CheckPassword(password); err != nil {
		return none, err
	}
	nonceC := make([]byte, sizeNonce)
	rand.Read(nonceC)
	end, err := begin(ctx, rw, askLogin, nonceC)
	if err != nil {
		return none, err
	}
	defer end()
	nonceS, err := heard(rw, sizeNonce)
	if err != nil {
		return none, err
	}
	client, err := config(binding(p.Region, p.Client, p.Server, nonceC, nonceS)).Client()
	if err != nil {
		return none, fmt.Errorf("door: %w", err)
	}
	defer client.ClearState()
	ke1, err := client.GenerateKE1(password)
	if err != nil {
		return none, fmt.Errorf("door: %w", err)
	}
	if _, err := rw.Write(ke1.Serialize()); err != nil {
		return none, fmt.Errorf("door: %w: %w", access.Gone, err)
	}
	b, err := heard(rw, sizeKE2)
	if err != nil {
		return none, err
	}
	ke2, err := client.Deserialize.KE2(b)
	if err != nil {
		return none, fmt.Errorf("door: %w: %w", access.Malformed, err)
	}
	ke3, session, _, err := client.GenerateKE3(ke2, clientIdentity(p.Region), serverIdentity(p.Region), slow())
	if err != nil {
		return none, fmt.Errorf("door: %w", whyNot(err))
	}
	if _, err := rw.Write(ke3.Serialize()); err != nil {
		return none, fmt.Errorf("door: %w: %w", access.Gone, err)
	}
	if b, err = heard(rw, access.TicketBytes+sizeMAC); err != nil {
		return none, err
	}
	ticket, mac := b[:access.TicketBytes], b[access.TicketBytes:]
	if !hmac.Equal(mac, macOf(session, ticket)) {
		return none, fmt.Errorf("door: ticket: %w", access.Forged)
	}
	t, err := access.ParseTicket(ticket)
	if err == nil && (t.Player != p.Client || t.Region != p.Region || t.Server != p.Server) {
		err = access.Forged
	}
	return t, err
}

// whyNot tells a wrong password, with which the envelope of the record does not
// open, from an answer that was made for another connection (the context of
// section 4.2 of the protocol). The library keeps that error to itself.
func whyNot(err error) access.Code {
	if strings.Contains(err.Error(), "invalid server mac") {
		return access.Between
	}
	return access.Wrong
}

// Register makes the record of a new password, for a SetSecret of its number.
func Register(ctx context.Context, rw io.ReadWriteCloser, p Peers, password []byte) (record []byte, public [32]byte, number uint64, err error) {
	if err = CheckPassword(password); err != nil {
		return nil, public, 0, err
	}
	client, err := config(nil).Client()
	if err != nil {
		return nil, public, 0, fmt.Errorf("door: %w", err)
	}
	defer client.ClearState()
	req, err := client.RegistrationInit(password)
	if err != nil {
		return nil, public, 0, fmt.Errorf("door: %w", err)
	}
	end, err := begin(ctx, rw, askRegister, req.Serialize())
	if err != nil {
		return nil, public, 0, err
	}
	defer end()
	b, err := heard(rw, 8+sizeResponse)
	if err != nil {
		return nil, public, 0, err
	}
	number = binary.LittleEndian.Uint64(b)
	resp, err := client.Deserialize.RegistrationResponse(b[8:])
	if err != nil {
		return nil, public, 0, fmt.Errorf("door: %w: %w", access.Malformed, err)
	}
	copy(public[:], b[8+32:])
	rec, _, err := client.RegistrationFinalize(resp, clientIdentity(p.Region), serverIdentity(p.Region), slow())
	if err != nil {
		return nil, public, 0, fmt.Errorf("door: %w", err)
	}
	return rec.Serialize(), public, number, nil
}

// Submit hands in a signed entry and says at which tick it counted.
func Submit(ctx context.Context, rw io.ReadWriteCloser, entry []byte) (base.Tick, error) {
	end, err := begin(ctx, rw, askSubmit, binary.LittleEndian.AppendUint16(nil, uint16(len(entry))), entry)
	if err != nil {
		return 0, err
	}
	defer end()
	b, err := heard(rw, 8)
	if err != nil {
		return 0, err
	}
	return base.Tick(binary.LittleEndian.Uint64(b)), nil
}

// Ask gives what the region says about itself and this peer.
func Ask(ctx context.Context, rw io.ReadWriteCloser) (Status, error) {
	end, err := begin(ctx, rw, askStatus)
	if err != nil {
		return Status{}, err
	}
	defer end()
	b, err := heard(rw, sizeStatus)
	if err != nil {
		return Status{}, err
	}
	return parseStatus(b)
}

// AskReport gives the audit trail and the members, to whom may see them.
func AskReport(ctx context.Context, rw io.ReadWriteCloser) (*Report, error) {
	end, err := begin(ctx, rw, askReport)
	if err != nil {
		return nil, err
	}
	defer end()
	n, err := heard(rw, 4)
	if err != nil {
		return nil, err
	}
	size := binary.LittleEndian.Uint32(n)
	if size > maxReport {
		return nil, fmt.Errorf("door: report of %d bytes: %w", size, access.Malformed)
	}
	b, err := exactly(rw, int(size))
	if err != nil {
		return nil, fmt.Errorf("door: %w: %w", access.Gone, err)
	}
	return parseReport(b)
}

// AskKeys gets the keys that passwords are checked with from another server.
func AskKeys(ctx context.Context, rw io.ReadWriteCloser) (*Keys, error) {
	end, err := begin(ctx, rw, askKeys)
	if err != nil {
		return nil, err
	}
	defer end()
	b, err := heard(rw, sizeSeed+sizeSecret)
	if err != nil {
		return nil, err
	}
	return keysOf(b)
}
