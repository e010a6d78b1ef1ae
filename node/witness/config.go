package witness

import (
	"context"
	"errors"
	"log/slog"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/agree"
)

// Net reaches the other servers of the region.
type Net interface {
	// Send gives another server a message. It must not wait; what is lost is
	// lost.
	Send(to base.Key, msg []byte)
	// Ask gives another server a question and waits for its answer.
	Ask(ctx context.Context, to base.Key, question []byte) ([]byte, error)
}

// Config of a witness. All but Load, Log, OnEvent and Halted is required.
type Config struct {
	Agree   agree.Config
	At      base.Tick // of the state that the sim begins with
	Members agree.Members
	Region  region.Config // to make ticks again
	Load    func(module string) error
	Dir     string // the region's: reports are written there
	Net     Net
	Log     *slog.Logger
	OnEvent func(name string, n uint64)
	// Halted is called once when this server must not go on. It must not wait.
	Halted func(error)
}

// Why a server must not go on; test with errors.Is.
var (
	// ErrDiverged: more than half of the servers are in another state.
	ErrDiverged = errors.New("this server's state is not the one that the others agree on")
	// ErrSplit: no state has more than half of the servers.
	ErrSplit = errors.New("no state has more than half of the region's servers")
)

// Names given to OnEvent.
const (
	EventCertified   = "agree_certified"   // ticks with a certificate
	EventDiverged    = "agree_diverged"    // votes of others against a certificate
	EventHalted      = "agree_halted"      // times this server had to stop
	EventEquivocated = "agree_equivocated" // servers convicted
	EventDissent     = "agree_dissent"     // witnesses against a certificate
	EventBad         = "agree_bad"         // messages and questions refused
)
