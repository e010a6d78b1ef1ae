package scripting

import (
	"context"
	"time"

	"github.com/metatopia/metatopia/scripting/process"
)

// lifetime is a context that ends when a process is to end.
type lifetime struct{ p *process.Process }

func (l lifetime) Deadline() (time.Time, bool) { return time.Time{}, false }
func (l lifetime) Done() <-chan struct{}       { return l.p.Stopped() }
func (l lifetime) Value(any) any               { return nil }
func (l lifetime) Err() error {
	if l.p.Stopping() {
		return context.Canceled
	}
	return nil
}
