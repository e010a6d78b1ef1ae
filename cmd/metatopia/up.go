package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/terminal"
)

// upFlags are the settings of a node; the config file's keys are their names.
type upFlags struct {
	Name        string   `help:"My name, as others see it." placeholder:"NAME"`
	Listen      []string `help:"Address to listen on for other nodes, a multiaddr; may be given again." placeholder:"ADDR"`
	Bootstrap   []string `help:"Address of a node to connect to at start, with /p2p/; may be given again." placeholder:"ADDR"`
	Mdns        bool     `name:"mdns" help:"Find nodes on the local network (the default); --no-mdns does not." default:"true" negatable:""`
	Reach       string   `help:"Whether others can dial this node: ask them (auto), yes, so relay for those who cannot be dialled (public), or no (private)." enum:"auto,public,private" default:"auto"`
	Ipfs        bool     `name:"ipfs" help:"Exchange lumps also with IPFS nodes that are connected to this one."`
	Web         string   `help:"Where to serve the page; loopback only." default:"127.0.0.1:0" placeholder:"HOST:PORT"`
	NoWeb       bool     `name:"no-web" help:"Serve no page."`
	Telnet      string   `help:"Where to serve telnet; loopback only." default:"127.0.0.1:0" placeholder:"HOST:PORT"`
	NoTelnet    bool     `name:"no-telnet" help:"Serve no telnet."`
	Loader      []string `help:"Format that a loader guest reads; may be given again. MAGIC is hexadecimal, words=a,b, or empty." placeholder:"NAME:CLASS:MAGIC:CID" sep:"none"`
	Grant       []string `help:"Privilege that every package gets that asks for it, as world; may be given again. See pkg install." placeholder:"PRIVILEGE" sep:"none"`
	GuestMemory string   `name:"guest-memory" help:"Bytes of memory that all guests may have together, as 4G; half of the machine's when not given." placeholder:"SIZE"`
	History     string   `help:"Bytes of the past of each of my regions to keep, at most a day of it; 0 keeps none." default:"256M" placeholder:"SIZE"`
	Absent      bool     `help:"Keep my avatar out of the world until I do something there."`
	LogLevel    string   `name:"log-level" help:"What to log: debug, info, warn or error." enum:"debug,info,warn,error" default:"warn"`
}

type upCmd struct {
	upFlags
	Join string `help:"Enter this world." placeholder:"LINK"`
}

func (upCmd) Help() string {
	return `Runs until Ctrl-C or ` + "`metatopia stop`" + `. Prints the private URL of the page, the telnet
address and the socket when it is ready; with --json as one line:
  {"url":...,"telnet":...,"socket":...,"key":...}

The URL holds a secret that lets its reader act as you. It is also in the file
page-url of the data directory, which only you can read.

Example:
  metatopia up --name Ada
  metatopia up --home /srv/node --listen /ip4/0.0.0.0/udp/4001/quic-v1 --no-web`
}

func (c upCmd) Run(ctx context.Context, e *environment) error {
	return serveNode(ctx, e, c.upFlags, c.Join, nil)
}

// pageFile, in the data directory, holds the page's URL for its user alone.
const pageFile = "page-url"

// closeTimeout bounds the clean end after a signal.
const closeTimeout = 20 * time.Second

// startNode makes a node; tests put another kind here.
var startNode = newNode

// nodeConfig is what up asks of a node.
type nodeConfig struct {
	Home, Name, Join, Version string
	Reach                     string
	Listen, Bootstrap         []string
	Loader, Grant             []string
	MDNS, Absent, IPFS        bool
	GuestMemory               uint64
	HistoryBytes              int64
	Password                  []byte // shown to regions that want one
	Log                       *slog.Logger
}

// runningNode is the part of a node that up uses.
type runningNode interface {
	Backend() control.Backend
	SetEndpoints(webURL, telnet string)
	Done() <-chan struct{}
	Close(context.Context) error
}

// ready is the line that --json prints.
type ready struct {
	URL    string `json:"url"`
	Telnet string `json:"telnet"`
	Socket string `json:"socket"`
	Key    string `json:"key"`
	Name   string `json:"name"`
	Home   string `json:"home"`
	PID    int    `json:"pid"`
}

// serveNode runs a node until ctx ends or somebody asks it to stop.
func serveNode(ctx context.Context, e *environment, f upFlags, join string, password []byte) (err error) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(f.LogLevel)); err != nil {
		return usagef("", "log level: %w", err)
	}
	guestMemory := int64(0)
	if f.GuestMemory != "" {
		if guestMemory, err = parseSize(f.GuestMemory); err != nil {
			return usagef("write it like 4G or 800M", "guest memory: %w", err)
		}
	}
	history := int64(0)
	switch f.History {
	case "":
	case "0":
		history = -1
	default:
		if history, err = parseSize(f.History); err != nil {
			return usagef("write it like 256M, or 0 for none", "history: %w", err)
		}
	}
	log := slog.New(slog.NewTextHandler(e.Err, &slog.HandlerOptions{Level: level}))
	if err := os.MkdirAll(e.Home, 0o700); err != nil {
		return fmt.Errorf("data directory: %w", err)
	}

	// Listen first: a wrong address is said before anything starts.
	var page, tel net.Listener
	if !f.NoWeb {
		if page, err = listen(f.Web); err != nil {
			return err
		}
		defer page.Close() //nolint:errcheck // its server has closed it, or nobody used it
	}
	if !f.NoTelnet {
		if tel, err = listen(f.Telnet); err != nil {
			return err
		}
		defer tel.Close() //nolint:errcheck // its server has closed it, or nobody used it
	}

	n, err := startNode(ctx, nodeConfig{
		Home: e.Home, Name: f.Name, Join: join, Password: password, Version: e.Version,
		Listen: f.Listen, Bootstrap: f.Bootstrap, MDNS: f.Mdns, Absent: f.Absent, Log: log,
		Reach: f.Reach, IPFS: f.Ipfs, Loader: f.Loader, Grant: f.Grant, GuestMemory: uint64(guestMemory), HistoryBytes: history,
	})
	if err != nil {
		if ctx.Err() != nil {
			return nil // stopped while it was starting
		}
		return err
	}
	defer func() {
		cctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		err = errors.Join(err, n.Close(cctx))
	}()

	srv, err := control.NewServer(control.Config{Backend: n.Backend(), Log: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, srv.Close(context.WithoutCancel(ctx))) }()
	r := ready{Socket: control.SocketPath(e.Home), Home: e.Home, PID: os.Getpid()}
	if err := srv.ServeUnix(r.Socket); err != nil {
		return err
	}
	if page != nil {
		if r.URL, err = srv.ServeWeb(page, pageAssets()); err != nil {
			return err
		}
		file := filepath.Join(e.Home, pageFile)
		if err := control.WriteTokenFile(file, r.URL); err != nil {
			return err
		}
		defer os.Remove(file) //nolint:errcheck // the token in it ends with the process anyway
	}
	if tel != nil {
		client := control.Dial(r.Socket)
		defer client.Close()
		t := terminal.New(terminal.Config{Client: client, Log: log})
		if err := t.Serve(tel); err != nil {
			return err
		}
		defer t.Close()
		r.Telnet = tel.Addr().String()
	}
	n.SetEndpoints(r.URL, r.Telnet)

	st, err := n.Backend().Status(ctx)
	if err != nil {
		return err
	}
	r.Key, r.Name = st.Key, st.Name
	if err := announce(e, r); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		e.note("Stopping.")
	case <-n.Done():
		e.note("Asked to stop.")
	}
	return nil
}

// listen takes loopback addresses only, whatever a name resolves to.
func listen(addr string) (net.Listener, error) {
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return nil, usagef("use 127.0.0.1:PORT; port 0 takes a free one", "%w", err)
	}
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	if a, ok := ln.Addr().(*net.TCPAddr); !ok || !a.IP.IsLoopback() {
		_ = ln.Close() // refused
		return nil, usagef("use 127.0.0.1:PORT", "%s is not a loopback address: page and telnet are for this machine only", addr)
	}
	return ln, nil
}

func announce(e *environment, r ready) error {
	if e.JSON {
		return e.line(r)
	}
	for _, row := range [][2]string{{"page", r.URL}, {"telnet", r.Telnet}, {"socket", r.Socket}} {
		if row[1] != "" {
			if _, err := fmt.Fprintf(e.Out, "%-7s %s\n", row[0], row[1]); err != nil {
				return err
			}
		}
	}
	e.note("%s is up (key %.8s). The page's URL is private. Ctrl-C stops the node.", r.Name, r.Key)
	return nil
}
