package main

import "github.com/metatopia/metatopia/node/control"

// Commands of the contract that a later version does. They exist so that help
// shows the whole shape, and fail in words with exit code 1.

func notYet(what string) error {
	return control.Errorf(control.NotImplemented, "", "%s: not implemented yet", what)
}

type chatCmd struct {
	Channel string   `arg:"" help:"Name of the channel."`
	Text    []string `arg:"" optional:"" help:"What to say; without it, read the channel."`
}

func (chatCmd) Run(e *environment) error { return notYet(e.Command) }
