package server

import (
	"errors"
	"strings"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
)

// ErrForged: an entry that speaks for a player who did not sign it.
var ErrForged = errors.New("the player did not sign it")

// CheckEntry says whether an honest server puts an entry into a record: its
// form, and for an input its player's signature. What the servers themselves
// say, control entries and border messages, has no signature to check. It is
// for a log whose servers vote on records before they are agreed on
// (node/byzantine); elsewhere the sim leaves out what does not fit.
func CheckEntry(raw []byte, world string, verify func(k base.Key, msg, sig []byte) bool) error {
	e, err := region.ParseEntry(raw)
	if err != nil || e.Kind != region.EntryInput {
		if string(raw) == string(checkpointMark) || len(raw) == 0 || strings.HasPrefix(string(raw), string(turnMark)) {
			return nil // see beatShared
		}
		return err
	}
	s, _, err := region.ParseSignedInput(e.Body)
	if err != nil {
		return err
	}
	if !verify(s.Key, region.SigningBytes(world, s.Key, s.Seq, s.Payload), s.Sig[:]) {
		return ErrForged
	}
	return nil
}
