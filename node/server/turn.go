package server

import (
	"bytes"
	"errors"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/order"
)

// ErrTurned: the log said that it ends with the last tick that was made here.
// Whoever runs the server begins the next log from the state on disk.
var ErrTurned = errors.New("the region's log has ended, and another goes on from there")

// turnMark begins what stands in the log for "this is the last tick"; what the
// owner has signed for it follows. It is no entry of the sim.
var turnMark = []byte("turn\n")

// Turn asks for the end of a shared log. Whether what was signed counts says
// Config.Turn, on every server. It does not wait.
func (s *Server) Turn(word []byte) error {
	return s.agreed.Submit(append(bytes.Clone(turnMark), word...), true)
}

// turn notes what a record holds that would end the log.
func (s *Server) turn(rec *order.Encoded) {
	s.group.word = nil
	if s.cfg.Turn == nil {
		return
	}
	for _, raw := range rec.Entries {
		if word, ok := bytes.CutPrefix(raw, turnMark); ok && s.group.word == nil && s.cfg.Turn(word, rec.Tick, s.sim) {
			s.group.word = word
		}
	}
}

// Turner judges what would end a log after a tick. The same is decided on every
// server: it goes by the word and the state alone.
type Turner func(word []byte, tick base.Tick, sim *region.Sim) bool
