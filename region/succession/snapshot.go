package succession

import (
	"crypto/sha256"
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
)

const (
	snapshotVersion = 1
	renewedVersion  = 2 // an epoch has begun since the genesis
)

// Snapshot appends the canonical state: two replicas with the same log have the
// same bytes.
//
// Layout: version u8 (2: the epoch u64 follows the genesis, of which it is not
// the one; else 1), genesis, settings, servers, index u64, wall i64, time i64,
// last beat 32, changed u64, temporary 32, moved i64, heads (count u32, each 32
// and i64), players (count u32, each key 32, counter u64, joined u64, seen i64,
// days u32, last day i64, rank u64, told i64, flags u8).
func (s *State) Snapshot(b []byte) []byte {
	e := base.Encoder{B: b}
	if s.epoch == s.genesis.Epoch {
		e.U8(snapshotVersion)
		s.genesis.appendTo(&e)
	} else {
		e.U8(renewedVersion)
		s.genesis.appendTo(&e)
		e.U64(s.epoch)
	}
	s.settings.appendTo(&e)
	appendKeys(&e, s.servers)
	e.U64(s.index)
	e.I64(s.wall)
	e.I64(s.time)
	e.Raw(s.lastBeat[:])
	e.U64(s.changed)
	e.Key(s.temp)
	e.I64(s.moved)
	e.U32(uint32(len(s.heads)))
	for i := range s.heads {
		e.Raw(s.heads[i].Sum[:])
		e.I64(s.heads[i].Time)
	}
	e.U32(uint32(len(s.players)))
	for i := range s.players {
		p := &s.players[i]
		e.Key(p.Key)
		e.U64(p.Counter)
		e.U64(p.Joined)
		e.I64(p.Seen)
		e.U32(p.Days)
		e.I64(p.LastDay)
		e.U64(p.Rank)
		e.I64(p.Told)
		e.U8(p.flags())
	}
	return e.B
}

const playerBytes = 32 + 8 + 8 + 8 + 4 + 8 + 8 + 8 + 1

func (p *player) flags() (f uint8) {
	for i, on := range [...]bool{p.Banned, p.Out, p.Retired} {
		if on {
			f |= 1 << i
		}
	}
	return f
}

// Hash is SHA-256 of the snapshot.
func (s *State) Hash() [32]byte { return sha256.Sum256(s.Snapshot(nil)) }

// Restore reads a snapshot. Whether it is the truth is for who gives it to
// prove: see Certificate.
func Restore(b []byte, v Verify) (*State, error) {
	s, err := restore(b)
	if err == nil && v == nil {
		err = ErrValue
	}
	if err != nil {
		return nil, fmt.Errorf("succession: restore: %w", err)
	}
	s.verify = v
	return s, nil
}

func restore(b []byte) (*State, error) {
	d := base.NewDecoder(b)
	v := d.U8()
	if d.Err() == nil && v != snapshotVersion && v != renewedVersion {
		d.Fail(&base.VersionError{What: "a region's roles", Found: v, Wanted: renewedVersion})
	}
	s := &State{genesis: readGenesis(d)}
	if s.epoch = s.genesis.Epoch; v == renewedVersion {
		if s.epoch = d.U64(); d.Err() == nil && s.epoch <= s.genesis.Epoch {
			d.Fail(fmt.Errorf("epoch %d: %w", s.epoch, ErrValue))
		}
	}
	s.settings, s.servers = readSettings(d), readKeys(d, MaxServers)
	s.index, s.wall, s.time = d.U64(), d.I64(), d.I64()
	copy(s.lastBeat[:], d.Raw(len(s.lastBeat)))
	s.changed, s.temp, s.moved = d.U64(), d.Key(), d.I64()
	for range d.Count(MaxHeads, 32+8) {
		var p past
		copy(p.Sum[:], d.Raw(len(p.Sum)))
		p.Time = d.I64()
		s.heads = append(s.heads, p)
	}
	for range d.Count(MaxPlayers, playerBytes) {
		p := player{Key: d.Key(), Counter: d.U64(), Joined: d.U64(), Seen: d.I64(), Days: d.U32(), LastDay: d.I64(), Rank: d.U64(), Told: d.I64()}
		f := d.U8()
		p.Banned, p.Out, p.Retired = f&1 != 0, f&2 != 0, f&4 != 0
		if d.Err() == nil && p.flags() != f {
			d.Fail(ErrValue)
		}
		s.players = append(s.players, p)
	}
	if err := d.Done(); err != nil {
		return nil, err
	}
	return s, s.check()
}

func readGenesis(d *base.Decoder) Genesis {
	return Genesis{Region: d.ID(), Epoch: d.U64(), Founder: d.Key(), Servers: readKeys(d, MaxServers), Settings: readSettings(d), Wall: d.I64()}
}

// check finds what no log can have made.
func (s *State) check() error {
	if err := s.genesis.check(); err != nil {
		return err
	}
	if err := s.settings.check(); err != nil {
		return err
	}
	if err := checkServers(s.servers); err != nil {
		return err
	}
	if want := min(s.index, MaxHeads-1) + 1; uint64(len(s.heads)) != want {
		return fmt.Errorf("%d heads: %w", len(s.heads), ErrValue)
	}
	last := s.heads[len(s.heads)-1].Time
	for _, p := range s.heads {
		if p.Time < 0 || p.Time > last {
			return fmt.Errorf("heads: %w", ErrValue)
		}
	}
	if s.time != last || s.wall < s.genesis.Wall || s.wall > maxWall || s.time > s.wall-s.genesis.Wall || s.changed > s.index || s.moved < 0 || s.moved > s.time+1 {
		return fmt.Errorf("clock: %w", ErrValue)
	}
	for i := range s.players {
		p := &s.players[i]
		if i > 0 && s.players[i-1].Key.Compare(p.Key) >= 0 || p.Key.IsZero() {
			return fmt.Errorf("players are not sorted: %w", ErrValue)
		}
		if p.Joined > s.index || p.Rank > s.index+1 || p.Seen < 0 || p.Seen > s.time || p.Told < 0 || p.Told > s.time+1 ||
			p.LastDay < -1 || p.LastDay > s.time/Day || int64(p.Days) > p.LastDay+1 {
			return fmt.Errorf("player %s: %w", p.Key.Short(), ErrValue)
		}
	}
	if s.Temp() != s.temp {
		return fmt.Errorf("temporary admin: %w", ErrValue)
	}
	return nil
}
