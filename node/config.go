package node

import (
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"time"

	"github.com/metatopia/metatopia/assets"
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/member"
	"github.com/metatopia/metatopia/node/world"
	"github.com/metatopia/metatopia/region"
)

// Config is what a node needs to start. Home is required.
type Config struct {
	Home      string   // data directory, made when missing
	Name      string   // display name of the person, at most world.MaxName bytes
	Listen    []string // multiaddrs; nil = every interface, QUIC and TCP
	Bootstrap []string // multiaddrs with /p2p/ to dial at start
	MDNS      bool     // find nodes on the local network
	Reach     string   // can others dial this node: "public", "private", or "auto", which asks them; "" is auto
	IPFS      bool     // exchange lumps with IPFS nodes too that are connected
	Join      string   // join link to follow
	Password  []byte   // shown to regions that want one
	Absent    bool     // the avatar stays away until its person does something
	Version   string
	Log       *slog.Logger
	Guests    fs.FS    // shipped guest modules; nil = none
	Compiler  []string // command that runs compiler.Main for hard guest modules; nil = they are compiled in this process
	// GuestMemory is how many bytes all guests may have together; 0 = half of
	// the machine's.
	GuestMemory uint64
	// HistoryBytes is how much of each region's past is kept; 0 is 256 MiB, less
	// than 0 none.
	HistoryBytes int64
	// Servers is how long this node waits, where it leads, before it gives and
	// takes votes in a region; zero is member.Usual. Tests are quicker.
	Servers member.Times
	// Dialed and Took are for measuring: see p2p.Config and server.Config. Took
	// may be called from several goroutines.
	Dialed  func(net.Conn) net.Conn
	Took    func(region base.ID, tick base.Tick, d time.Duration)
	Grants  []string                                    // privileges that every package gets that asks for them, as pkg.ParseGrant
	spoil   func(region.Config, base.Tick, *region.Sim) // tests: changes the state after a tick
	Loaders []string                                    // formats that other loader guests read: NAME:CLASS:MAGIC:CID, as assets.ParseForeign
}

func (c *Config) validate() error {
	if c.Home == "" {
		return fmt.Errorf("node: config: no data directory")
	}
	if c.Servers == (member.Times{}) {
		c.Servers = member.Usual
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	switch c.Reach {
	case "", "auto", "public", "private":
	default:
		return fmt.Errorf("node: config: reach %q is none of auto, public, private", c.Reach)
	}
	if c.Name != "" {
		if err := world.CheckName(c.Name); err != nil {
			return fmt.Errorf("node: config: %w", err)
		}
	}
	for _, l := range c.Loaders {
		if _, err := assets.ParseForeign(l); err != nil {
			return fmt.Errorf("node: config: %w", err)
		}
	}
	if c.Join != "" {
		if _, err := world.ParseLink(c.Join); err != nil {
			return fmt.Errorf("node: config: %w", err)
		}
	}
	return nil
}
