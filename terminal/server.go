package terminal

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
)

// Config of a Server. Client is required; it is a *control.Client.
type Config struct {
	Client World
	Log    *slog.Logger // nil: none
}

// Server serves telnet. Its methods may be called from any goroutine.
type Server struct {
	cfg    Config
	log    *slog.Logger
	ctx    context.Context
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu  sync.Mutex
	lns []net.Listener
	n   int // open sessions
}

// New makes a server that listens nowhere yet.
func New(cfg Config) *Server {
	s := &Server{cfg: cfg, log: cfg.Log}
	if s.log == nil {
		s.log = slog.New(slog.DiscardHandler)
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

// Serve accepts connections on ln, which must be on loopback, until Close. It
// returns at once.
func (s *Server) Serve(ln net.Listener) error {
	a, ok := ln.Addr().(*net.TCPAddr)
	if !ok || !a.IP.IsLoopback() {
		_ = ln.Close() // refused
		return fmt.Errorf("terminal: telnet is served on loopback only, not on %s", ln.Addr())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ctx.Err() != nil {
		_ = ln.Close() // the caller learns of the closed server instead
		return errors.New("terminal: server is closed")
	}
	s.lns = append(s.lns, ln)
	s.wg.Go(func() { s.accept(ln) })
	return nil
}

func (s *Server) accept(ln net.Listener) {
	for {
		conn, err := ln.Accept()
		if err != nil {
			if s.ctx.Err() == nil {
				s.log.Error("terminal: accept", "err", err)
			}
			return
		}
		if why := s.admit(conn); why != "" {
			_, _ = conn.Write([]byte(why + "\r\n")) // refused: whether it reads that or not
			_ = conn.Close()
			continue
		}
		s.wg.Go(func() {
			defer s.release()
			newSession(conn, s.cfg.Client, s.log).run(s.ctx)
		})
	}
}

// admit gives the reason against a connection, or "" and counts it.
func (s *Server) admit(conn net.Conn) string {
	if !ownUser(conn) {
		return "This node belongs to another user of this machine."
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.n >= maxSessions {
		return "Too many sessions."
	}
	s.n++
	return ""
}

func (s *Server) release() {
	s.mu.Lock()
	s.n--
	s.mu.Unlock()
}

// Close ends the listeners and every session, and waits for them.
func (s *Server) Close() {
	s.cancel()
	s.mu.Lock()
	for _, ln := range s.lns {
		_ = ln.Close() // nothing was written to it
	}
	s.mu.Unlock()
	s.wg.Wait()
}
