package control

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// Config of a Server. Backend is required.
type Config struct {
	Backend Backend
	Log     *slog.Logger // nil: none

	// Allow says whether a local user may use the socket; nil allows the
	// node's own uid and root.
	Allow func(uid uint32) bool

	// Token is the bearer token of the web side; "" makes a new one.
	Token string
}

// Server offers a Backend on a Unix socket and to a browser. Its methods may
// be called from any goroutine.
type Server struct {
	cfg    Config
	log    *slog.Logger
	ctx    context.Context // ends at Close, and streams with it
	cancel context.CancelFunc

	patience time.Duration // with a request that has no token

	mu      sync.Mutex
	servers []*http.Server
	served  sync.WaitGroup
	closed  bool
}

// NewServer makes a server that listens nowhere yet.
func NewServer(cfg Config) (*Server, error) {
	if cfg.Backend == nil {
		return nil, errors.New("control: no backend")
	}
	if cfg.Allow == nil {
		cfg.Allow = sameUser
	}
	if cfg.Token == "" {
		cfg.Token = newToken()
	}
	if len(cfg.Token) < minToken {
		return nil, fmt.Errorf("control: token has %d characters, the least is %d", len(cfg.Token), minToken)
	}
	s := &Server{cfg: cfg, log: cfg.Log, patience: strangerTimeout}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s, nil
}

// Token is the bearer token of the web side: private to the node's user.
func (s *Server) Token() string { return s.cfg.Token }

// serve runs hs on ln until Close.
func (s *Server) serve(hs *http.Server, ln net.Listener) error {
	hs.ReadHeaderTimeout = readHeaderTimeout
	hs.IdleTimeout = idleTimeout
	hs.MaxHeaderBytes = 32 << 10
	hs.ErrorLog = slog.NewLogLogger(s.log.Handler(), slog.LevelDebug)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		_ = ln.Close() // the caller learns of the closed server instead
		return errors.New("control: server is closed")
	}
	s.servers = append(s.servers, hs)
	s.served.Go(func() {
		if err := hs.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("control: serve", "addr", ln.Addr().String(), "err", err)
		}
	})
	return nil
}

// Close ends streams, lets unary calls finish for a few seconds (or until ctx
// ends) and closes every listener. The socket file is removed.
func (s *Server) Close(ctx context.Context) error {
	s.mu.Lock()
	servers := s.servers
	s.servers, s.closed = nil, true
	s.mu.Unlock()
	s.cancel()
	ctx, cancel := context.WithTimeout(ctx, closeTimeout)
	defer cancel()
	var errs []error
	for _, hs := range servers {
		if err := hs.Shutdown(ctx); err != nil {
			errs = append(errs, hs.Close())
		}
	}
	s.served.Wait()
	return errors.Join(errs...)
}

// errPanic is what a caller learns of a handler's panic.
type errPanic struct {
	procedure string
	value     any
}

func (e errPanic) Error() string { return fmt.Sprintf("control: %s: panic: %v", e.procedure, e.value) }
