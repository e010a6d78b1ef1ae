package main

import (
	"context"

	"github.com/metatopia/metatopia/node/control"
)

type joinCmd struct {
	Link string `arg:"" help:"Join link, as printed by world link."`
	// Not passwordFrom: most worlds want none, and then nothing is asked.
	PasswordFile string `name:"password-file" help:"Show this password to regions that want one, - for standard input." placeholder:"FILE"`
	Password     bool   `help:"Ask for it on the terminal."`
	upFlags
}

func (joinCmd) Help() string {
	return `When a node runs with this --home it enters the world and the command returns;
otherwise the node is started here as by ` + "`metatopia up --join LINK`" + `.`
}

func (c joinCmd) Run(ctx context.Context, e *environment) error {
	var password []byte
	if c.Password || c.PasswordFile != "" {
		var err error
		if password, err = (passwordFrom{c.PasswordFile}).read(e, false); err != nil {
			return err
		}
	}
	w, err := e.node().Join(ctx, &control.JoinRequest{Link: c.Link, Password: password})
	switch {
	case err == nil:
		return showWorld(e, w)
	case control.CodeOf(err) == control.Unavailable:
		if _, serr := e.node().Status(ctx); control.CodeOf(serr) == control.Unavailable {
			return serveNode(ctx, e, c.upFlags, c.Link, password)
		}
	}
	return err
}
