package member

import (
	"slices"
	"time"

	"github.com/metatopia/metatopia/internal/base"
)

// Stranded tells whether a server waits for a state, because it joins or has fallen
// behind, and the voters offer none that it could take: Choose, from where it
// stands, of a tick that the log still goes on from. A checkpoint that was made for
// it may have come to nothing. The servers whose votes prove it may have been others
// a moment later, one may have begun too late to vote for it, and votes can be lost.
func Stranded(keys, voters []base.Key, said map[base.Key]Status, least base.Tick, certified func(*Point) bool) bool {
	return slices.ContainsFunc(keys, func(k base.Key) bool {
		st, answers := said[k]
		if !answers || st.Serving || st.Frozen {
			return false
		}
		asked := slices.DeleteFunc(slices.Clone(voters), func(v base.Key) bool { return v == k })
		_, _, ok := Choose(asked, said, least, certified)
		return !ok
	})
}

// Recall says when a leader asks for another checkpoint for who is stranded: not at
// once, as the one that was asked for takes its time to be made and signed for, and
// then ever less often, as it costs something. The zero value is ready.
type Recall struct {
	at   time.Time // of the next one; zero: nobody is stranded
	wait time.Duration
}

const (
	recallFirst = 2 * time.Second
	recallMost  = 16 * time.Second
)

// Due is told at each look whether somebody is stranded.
func (r *Recall) Due(stranded bool, now time.Time) bool {
	switch {
	case !stranded:
		*r = Recall{}
		return false
	case r.at.IsZero():
		r.wait = recallFirst
	case now.Before(r.at):
		return false
	default:
		r.wait = min(2*r.wait, recallMost)
	}
	due := !r.at.IsZero()
	r.at = now.Add(r.wait)
	return due
}
