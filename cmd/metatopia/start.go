package main

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/metatopia/metatopia/node"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/scripting/compiler"
	"github.com/metatopia/metatopia/scripting/guest"
	"github.com/metatopia/metatopia/web"
)

// newNode starts a node in this process.
func newNode(ctx context.Context, c nodeConfig) (runningNode, error) {
	n, err := node.Start(ctx, node.Config{
		Home: c.Home, Name: c.Name, Listen: c.Listen, Bootstrap: c.Bootstrap, MDNS: c.MDNS, Absent: c.Absent,
		Reach: c.Reach, IPFS: c.IPFS, Join: c.Join, Password: c.Password, Version: c.Version, Log: c.Log, Guests: guest.FS(),
		Loaders: c.Loader, Compiler: compileCommand(), Grants: c.Grant, GuestMemory: c.GuestMemory, HistoryBytes: c.HistoryBytes,
	})
	if errors.Is(err, node.ErrInUse) {
		return nil, control.Errorf(control.Conflict, "stop it with `metatopia stop`, or use another --home", "%w", err)
	}
	if err != nil {
		return nil, err
	}
	return n, nil
}

// compileCommand is this program, as main knows it. On Linux it is found even
// when its file was replaced meanwhile.
func compileCommand() []string {
	const self = "/proc/self/exe"
	if _, err := os.Stat(self); err == nil {
		return []string{self, compiler.Command}
	}
	exe, err := os.Executable()
	if err != nil {
		return nil
	}
	return []string{exe, compiler.Command}
}

// pageAssets is the page as built into this binary, or the one that says how
// to build it.
func pageAssets() fs.FS {
	assets, _ := web.Assets()
	return assets
}
