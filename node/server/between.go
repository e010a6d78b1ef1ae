package server

import (
	"context"

	"github.com/metatopia/metatopia/region"
)

// Between calls f with the sim between two ticks, on the sim's goroutine, and
// waits for it. f must not wait.
func (s *Server) Between(ctx context.Context, f func(*region.Sim)) error {
	return s.ask(ctx, func() { f(s.sim) })
}
