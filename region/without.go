package region

import (
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// Without makes the next Steps leave the inputs of some players out, for a replay
// that asks what would have been. They count in the order of all batches
// nevertheless, so that everything else is drawn as it was.
func (s *Sim) Without(player func(base.Key) bool) { s.without = player }

// leaveOut takes out the inputs that do not count.
func (s *Sim) leaveOut(q *sorted) {
	if s.without != nil {
		q.inputs = slices.DeleteFunc(q.inputs, func(x signed) bool { return s.without(x.Key) })
	}
}
