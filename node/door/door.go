package door

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/access"
)

// Region is the log that a door stands before.
type Region interface {
	// Look runs f with the state between two ticks; f must not keep it.
	Look(ctx context.Context, f func(s *access.State, r access.Rights, now base.Tick)) error
	// Submit logs an entry and returns when it is on disk: at which tick, or the
	// access.Code why it counts nothing.
	Submit(ctx context.Context, entry []byte) (base.Tick, error)
}

// Config of a door.
type Config struct {
	ID     base.ID
	Self   base.Key // this server
	Sign   func([]byte) []byte
	Region Region
	Keys   *Ring
	// Serves says whether the owner names a server that the log has among them: one
	// that was removed is in the log for a while. nil: it does.
	Serves func(base.Key) bool
	Rules  func() uint8  // what the region holds scripts to; nil: nothing
	Number func() uint64 // for entries of Self: rises with every call
	Log    *slog.Logger  // nil: nobody reads it
}

// Door serves one region.
type Door struct {
	cfg  Config
	room chan struct{}

	mu sync.Mutex
	of map[base.Key]int // streams of each peer
}

// New makes a door; all of the config but Log, Serves and Rules is needed.
func New(cfg Config) *Door {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Door{cfg: cfg, room: make(chan struct{}, maxAtOnce), of: map[base.Key]int{}}
}

// Handle serves one stream of an authenticated peer at a network (see Net) and
// closes it. The error says why the peer was refused, or what went wrong.
func (d *Door) Handle(ctx context.Context, remote base.Key, net uint64, rw io.ReadWriteCloser) error {
	defer rw.Close()
	if !d.come(remote) {
		return access.Room
	}
	defer d.leave(remote)
	select {
	case d.room <- struct{}{}:
		defer func() { <-d.room }()
	default:
		return access.Room
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { rw.Close() })
	defer stop()
	kind, err := exactly(rw, 1)
	if err != nil {
		return err
	}
	switch kind[0] {
	case askLogin:
		err = d.login(ctx, remote, net, rw)
	case askRegister:
		err = d.register(ctx, remote, rw)
	case askSubmit:
		err = d.submit(ctx, rw)
	case askStatus:
		err = d.status(ctx, remote, rw)
	case askReport:
		err = d.report(ctx, remote, rw)
	case askKeys:
		err = d.keys(ctx, remote, rw)
	default:
		err = answer(rw, access.Malformed)
	}
	if err != nil {
		d.cfg.Log.Debug("access refused", "peer", remote.Short(), "ask", kind[0], "err", err)
	}
	return err
}

// come counts a peer's stream; false when it has too many: one who says nothing
// on all of them must not shut the door for the others.
func (d *Door) come(k base.Key) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.of[k] >= maxOfPeer {
		return false
	}
	d.of[k]++
	return true
}

func (d *Door) leave(k base.Key) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.of[k]--; d.of[k] == 0 {
		delete(d.of, k)
	}
}

// login lets a peer show that it has the password. Nothing happens before KE3
// is right, but that the try is counted.
func (d *Door) login(ctx context.Context, remote base.Key, net uint64, rw io.ReadWriter) error {
	nonceC, err := exactly(rw, sizeNonce)
	if err != nil {
		return err
	}
	if err := d.mayTry(ctx, remote, net); err != nil {
		return answer(rw, err)
	}
	var secret access.Secret
	var epoch uint64
	if err := d.cfg.Region.Look(ctx, func(s *access.State, r access.Rights, _ base.Tick) { secret, epoch = s.Secret(), r.Epoch() }); err != nil {
		return answer(rw, err)
	}
	keys := d.cfg.Keys.Fit(secret)
	if keys == nil && len(secret.Record) > 0 {
		// They are at another server; to say that it was wrong would be a lie.
		return answer(rw, access.NoKeys)
	} else if keys == nil {
		keys = d.cfg.Keys.spare
	}
	nonceS := make([]byte, sizeNonce)
	rand.Read(nonceS)
	if err := answer(rw, nil, nonceS); err != nil {
		return err
	}
	b, err := exactly(rw, sizeKE1)
	if err != nil {
		return err
	}
	server, err := keys.server(d.cfg.ID, binding(d.cfg.ID, remote, d.cfg.Self, nonceC, nonceS))
	if err != nil {
		return answer(rw, err)
	}
	ke1, err := server.Deserialize.KE1(b)
	if err != nil {
		return answer(rw, fmt.Errorf("%w: %w", access.Malformed, err))
	}
	if err := d.attempt(ctx, remote, net); err != nil {
		return answer(rw, err)
	}
	record, err := keys.record(server, d.cfg.ID, secret)
	if err != nil {
		return answer(rw, err)
	}
	ke2, out, err := server.GenerateKE2(ke1, record)
	if err != nil {
		return answer(rw, fmt.Errorf("%w: %w", access.Malformed, err))
	}
	if err := answer(rw, nil, ke2.Serialize()); err != nil {
		return err
	}
	if b, err = exactly(rw, sizeKE3); err != nil {
		return err // who finds the password wrong goes
	}
	ke3, err := server.Deserialize.KE3(b)
	if err == nil {
		err = server.LoginFinish(ke3, out.ClientMAC)
	}
	if err != nil || !keys.fits(secret) {
		return answer(rw, access.Wrong)
	}
	t, err := d.ticket(ctx, remote, epoch, secret.Number)
	if err != nil {
		return answer(rw, err)
	}
	return answer(rw, nil, t, macOf(out.SessionSecret, t))
}

func (d *Door) mayTry(ctx context.Context, remote base.Key, net uint64) error {
	why := access.OK
	err := d.cfg.Region.Look(ctx, func(s *access.State, r access.Rights, now base.Tick) {
		if s.Banned(remote, r) {
			why = access.Banned
		} else if ok, _ := s.MayTry(remote, net, now); !ok {
			why = access.Tries
		}
	})
	if err == nil && why != access.OK {
		err = why
	}
	return err
}

// own logs an entry of this server's.
func (d *Door) own(ctx context.Context, x access.Entry) error {
	var err error
	for range numberings {
		err = d.cfg.Region.Look(ctx, func(s *access.State, r access.Rights, now base.Tick) {
			x.Region, x.Epoch, x.By, x.Until = d.cfg.ID, r.Epoch(), d.cfg.Self, now+access.Minute
			x.Counter = max(d.cfg.Number(), s.Member(d.cfg.Self).Counter+1)
		})
		if err != nil {
			return err
		}
		copy(x.Sig[:], d.cfg.Sign(x.SigningBytes()))
		if _, err = d.cfg.Region.Submit(ctx, x.Bytes()); !errors.Is(err, access.Replayed) {
			return err
		}
	}
	return err
}

func (d *Door) attempt(ctx context.Context, remote base.Key, net uint64) error {
	return d.own(ctx, access.Entry{Kind: access.Attempt, Player: remote, Net: net})
}

// ticket makes one and logs it, so that it counts at every server.
func (d *Door) ticket(ctx context.Context, player base.Key, epoch, number uint64) ([]byte, error) {
	t := access.Ticket{Region: d.cfg.ID, Epoch: epoch, Secret: number, Player: player, Server: d.cfg.Self}
	rand.Read(t.Nonce[:])
	if err := d.cfg.Region.Look(ctx, func(_ *access.State, _ access.Rights, now base.Tick) { t.Until = now + access.MaxTicket/2 }); err != nil {
		return nil, err
	}
	copy(t.Sig[:], d.cfg.Sign(t.SigningBytes()))
	x := access.Entry{Kind: access.Admit, Ticket: t}
	if _, err := d.cfg.Region.Submit(ctx, x.Bytes()); err != nil {
		return nil, err
	}
	return t.Bytes(), nil
}

// register evaluates a new password for an admin, with keys that are drawn for it;
// what comes of it goes into the log as the admin's command, which is the one that
// says whether the keys come into force. For anybody else it would be an oracle.
func (d *Door) register(ctx context.Context, remote base.Key, rw io.ReadWriter) error {
	b, err := exactly(rw, sizeRequest)
	if err != nil {
		return err
	}
	var now access.Secret
	admin := false
	if err := d.cfg.Region.Look(ctx, func(s *access.State, r access.Rights, _ base.Tick) {
		now, admin = s.Secret(), r.Admin(remote)
	}); err != nil {
		return answer(rw, err)
	}
	if !admin {
		return answer(rw, access.Right)
	}
	keys, err := d.cfg.Keys.draw(now)
	if err != nil {
		return answer(rw, err)
	}
	number := now.Number + 1
	server, err := keys.server(d.cfg.ID, nil)
	if err != nil {
		return answer(rw, err)
	}
	req, err := server.Deserialize.RegistrationRequest(b)
	if err != nil {
		return answer(rw, fmt.Errorf("%w: %w", access.Malformed, err))
	}
	resp, err := server.RegistrationResponse(req, credential(d.cfg.ID, number), nil)
	if err != nil {
		return answer(rw, err)
	}
	var e base.Encoder
	e.U64(number)
	return answer(rw, nil, e.B, resp.Serialize())
}

// submit logs somebody's signed entry, if it would count now.
func (d *Door) submit(ctx context.Context, rw io.ReadWriter) error {
	b, err := exactly(rw, 2)
	if err != nil {
		return err
	}
	n := int(b[0]) | int(b[1])<<8
	if n > access.MaxEntry {
		return answer(rw, access.Malformed)
	}
	entry, err := exactly(rw, n)
	if err != nil {
		return err
	}
	tick, err := d.Submit(ctx, entry)
	var e base.Encoder
	e.U64(uint64(tick))
	return answer(rw, err, e.B)
}

// Submit logs an entry, if it would count now: what would not is none of the
// log, nor is a password for which this server has no keys.
func (d *Door) Submit(ctx context.Context, entry []byte) (base.Tick, error) {
	var why error
	if err := d.cfg.Region.Look(ctx, func(s *access.State, r access.Rights, now base.Tick) { why = s.Judge(entry, now, r) }); err != nil {
		return 0, err
	}
	if why != nil {
		return 0, why
	}
	if x, err := access.Parse(entry); err == nil && x.Kind == access.SetSecret && len(x.Record) > 0 &&
		d.cfg.Keys.Fit(access.Secret{Record: x.Record, Public: x.Public}) == nil {
		return 0, access.NoKeys
	}
	return d.cfg.Region.Submit(ctx, entry)
}

// Status is what a peer is told about the region and itself.
func (d *Door) Status(ctx context.Context, k base.Key) (st Status, err error) {
	err = d.cfg.Region.Look(ctx, func(s *access.State, r access.Rights, now base.Tick) {
		set, secret := s.Settings(), s.Secret()
		st = Status{Tick: now, Epoch: r.Epoch(), Role: s.Role(k, r), May: s.May(k, r), Enter: s.MayEnter(k, now, r), Secret: secret.Number,
			Locked: len(secret.Record) > 0, Whitelist: set.Whitelist, Muted: s.Muted(k, now)}
		if r.Admin(k) {
			st.Left = secret.Left
		}
	})
	if d.cfg.Rules != nil {
		st.Rules = d.cfg.Rules()
	}
	return st, err
}

func (d *Door) status(ctx context.Context, remote base.Key, rw io.ReadWriter) error {
	st, err := d.Status(ctx, remote)
	return answer(rw, err, st.bytes())
}

// Report is for those who may send others out, mute or ban.
func (d *Door) Report(ctx context.Context, k base.Key) (*Report, error) {
	var out *Report
	err := d.cfg.Region.Look(ctx, func(s *access.State, r access.Rights, now base.Tick) {
		if s.May(k, r)&(access.Kick|access.Mute|access.Ban) == 0 || s.Banned(k, r) {
			return
		}
		out = &Report{Tick: now, Settings: s.Settings()}
		out.Tried, out.Came = s.Counts()
		lines := s.Audit()
		out.Lines = append(out.Lines, lines[max(0, len(lines)-maxLines):]...)
		for _, m := range s.Members() {
			if len(out.Members) < maxMembers && (m.Role != access.None || m.Listed || !m.Inviter.IsZero() || m.Pruned || m.Muted > now) {
				out.Members = append(out.Members, m)
			}
		}
	})
	if err == nil && out == nil {
		err = access.Right
	}
	return out, err
}

func (d *Door) report(ctx context.Context, remote base.Key, rw io.ReadWriter) error {
	r, err := d.Report(ctx, remote)
	if err != nil {
		return answer(rw, err)
	}
	var e base.Encoder
	e.Bytes(r.bytes())
	return answer(rw, nil, e.B)
}

// keys gives what the password in force is checked with to another server of the
// region, which the owner still names.
func (d *Door) keys(ctx context.Context, remote base.Key, rw io.ReadWriter) error {
	var now access.Secret
	server := false
	err := d.cfg.Region.Look(ctx, func(s *access.State, r access.Rights, _ base.Tick) { now, server = s.Secret(), r.Server(remote) })
	switch {
	case err != nil:
		return answer(rw, err)
	case !server || d.cfg.Serves != nil && !d.cfg.Serves(remote):
		return answer(rw, access.Server)
	}
	k := d.cfg.Keys.Fit(now)
	if k == nil {
		return answer(rw, access.NoKeys)
	}
	return answer(rw, nil, k.bytes())
}

// codeOf is what a peer hears of an error.
func codeOf(err error) access.Code {
	var c access.Code
	switch {
	case err == nil:
		return access.OK
	case errors.As(err, &c):
		return c
	}
	return access.Gone
}

// Patience is how long a whole login may take.
const Patience = time.Duration(patience)
