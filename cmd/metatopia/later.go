package main

import "github.com/metatopia/metatopia/node/control"

// Commands of the contract that a later version does. They exist so that help
// shows the whole shape, and fail in words with exit code 1.

func notYet(what string) error {
	return control.Errorf(control.NotImplemented, "", "%s: not implemented yet", what)
}

type laterPeer struct {
	Peer string `arg:"" help:"Peer id."`
}

func (laterPeer) Run(e *environment) error { return notYet(e.Command) }

type laterArgs struct {
	Args []string `arg:"" optional:"" help:"Arguments."`
}

func (laterArgs) Run(e *environment) error { return notYet(e.Command) }

type adminCmd struct {
	Status   laterArgs `cmd:"" help:"Who has which role. (not implemented yet)"`
	Appoint  laterArgs `cmd:"" help:"Give a role. (not implemented yet)"`
	Resign   laterArgs `cmd:"" help:"Lay a role down. (not implemented yet)"`
	Ban      laterArgs `cmd:"" help:"Keep a key out. (not implemented yet)"`
	Unban    laterArgs `cmd:"" help:"Let a key in again. (not implemented yet)"`
	Kick     laterArgs `cmd:"" help:"Send somebody out. (not implemented yet)"`
	Mute     laterArgs `cmd:"" help:"Take somebody's voice. (not implemented yet)"`
	Settings laterArgs `cmd:"" help:"Rules of my region. (not implemented yet)"`
}

type chatCmd struct {
	Channel string   `arg:"" help:"Name of the channel."`
	Text    []string `arg:"" optional:"" help:"What to say; without it, read the channel."`
}

func (chatCmd) Run(e *environment) error { return notYet(e.Command) }
