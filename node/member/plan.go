package member

import (
	"slices"
	"time"

	"github.com/metatopia/metatopia/internal/base"
)

// Server is what a leader knows of a server.
type Server struct {
	ID      uint64
	Key     base.Key
	Learner bool
	Silent  time.Duration // since it was last heard of
	Near    time.Duration // for how long it has lagged less than NearTicks
	Rate    uint32        // see Status; 0 is taken for fast enough
}

func (s *Server) ready(t Times) bool {
	near := t.Near
	if s.Rate >= ProvenRate {
		near = min(near, ProvenFor)
	}
	return s.Learner && s.Silent < Usual.Dead/10 && s.Near >= near && (s.Rate == 0 || s.Rate >= MinRate || s.Near >= SteadyFor)
}

// Step is what a leader does next about its region's servers.
type Step struct {
	Do  Do
	ID  uint64 // whom
	For uint64 // Replace: the learner that takes its place; Yield: who leads instead
}

// Do is the kind of a Step.
type Do uint8

const (
	Nothing Do = iota
	Remove     // take ID out
	Promote    // give the learner ID a vote
	Replace    // take the vote from ID and give it to For
	Yield      // hand the lead to another voter: this one is to go
)

// Plan gives the next step. listed are the servers in the owner's record; self
// is the leader's number. One step at a time: the next is planned when it is
// done. A region has an odd number of voters where it can: two voters survive
// less than one does.
func (t Times) Plan(listed []base.Key, self uint64, all []Server) Step {
	voters, ready := 0, uint64(0)
	spare := 0
	for i := range all {
		s := &all[i]
		switch {
		case !s.Learner:
			voters++
		case s.ready(t):
			if spare++; ready == 0 {
				ready = s.ID
			}
		}
	}
	for i := range all {
		s := &all[i]
		if slices.Contains(listed, s.Key) {
			continue
		}
		switch {
		case s.ID != self && (s.Learner || voters > 1):
			return Step{Do: Remove, ID: s.ID}
		case s.ID == self && voters > 1:
			return Step{Do: Yield, ID: self}
		}
	}
	for i := range all {
		if s := &all[i]; !s.Learner && s.ID != self && s.Silent >= t.Dead && ready != 0 {
			return Step{Do: Replace, ID: s.ID, For: ready}
		}
	}
	if ready != 0 && voters < MaxVoters && (voters%2 == 0 || spare >= 2 && voters+2 <= MaxVoters) {
		return Step{Do: Promote, ID: ready}
	}
	return Step{}
}
