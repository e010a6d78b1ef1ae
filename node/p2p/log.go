package p2p

import (
	"context"
	"log/slog"
	"sync"

	"github.com/libp2p/go-libp2p/gologshim"
)

// libp2p logs through one handler of the process, which writes to standard
// error unless it is told otherwise. What it calls an error is often a peer
// that went away or our own closing, so its records come one level lower, and
// never count as errors of this node.
var libraryLog sync.Once

func useLog(h slog.Handler) {
	libraryLog.Do(func() { gologshim.SetDefaultHandler(library{h}) })
}

type library struct{ slog.Handler }

func lower(l slog.Level) slog.Level { return min(l-4, slog.LevelInfo) }

func (h library) Enabled(ctx context.Context, l slog.Level) bool {
	return h.Handler.Enabled(ctx, lower(l))
}

func (h library) Handle(ctx context.Context, r slog.Record) error {
	r.Level = lower(r.Level)
	return h.Handler.Handle(ctx, r)
}

func (h library) WithAttrs(a []slog.Attr) slog.Handler { return library{h.Handler.WithAttrs(a)} }
func (h library) WithGroup(name string) slog.Handler   { return library{h.Handler.WithGroup(name)} }
