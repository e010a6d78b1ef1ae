package access

import (
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// State is what the log up to an entry comes to. One goroutine at a time may
// use it.
type State struct {
	region base.ID
	verify Verify

	settings Settings
	members  []Member // by key
	secret   Secret
	admitted []admission // by player
	tries    []try       // of the last minute, oldest first
	backoffs []backoff   // by peer, then network
	audit    []Line      // oldest first
	tried    uint64      // all tries that were let
	came     uint64      // all tickets that counted

	bytes []byte // the canonical form; nil after a change
}

// Secret is the password in force, as far as the log knows it: what a server
// that has the region's key needs to check it by OPAQUE.
type Secret struct {
	Number uint64 // rises with every change
	Record []byte // none: there is no password
	Public [32]byte
	// Left is how many servers have left since it was set: they have its keys.
	Left uint32
}

// New is the state of an empty log.
func New(region base.ID, v Verify) (*State, error) {
	if region.IsZero() || v == nil {
		return nil, fmt.Errorf("access: %w: no region, or no Verify", Value)
	}
	return &State{region: region, verify: v, settings: DefaultSettings}, nil
}

// Region is the one it is about.
func (s *State) Region() base.ID { return s.region }

// Settings are those in force.
func (s *State) Settings() Settings { return s.settings }

// Secret is the password in force. The caller must not change the record.
func (s *State) Secret() Secret { return s.secret }

// ServerLeft notes that a server serves the region no more, and takes with it the
// keys of the password in force. The region's sim calls it.
func (s *State) ServerLeft() {
	if len(s.secret.Record) > 0 {
		s.secret.Left++
		s.bytes = nil
	}
}

// Counts are how many tries were let, and how many tickets have counted.
func (s *State) Counts() (tried, came uint64) { return s.tried, s.came }

// Clone makes a copy that shares nothing that changes.
func (s *State) Clone() *State {
	c := *s
	c.members = slices.Clone(s.members)
	c.admitted = slices.Clone(s.admitted)
	c.tries = slices.Clone(s.tries)
	c.backoffs = slices.Clone(s.backoffs)
	c.audit = slices.Clone(s.audit)
	return &c
}
