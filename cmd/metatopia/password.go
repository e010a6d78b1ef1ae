package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/charmbracelet/x/term"

	"github.com/metatopia/metatopia/node/control"
)

// passwordFrom is how a password gets in: from a file, or typed. There is no
// flag for the password itself, for others on the machine could read it.
type passwordFrom struct {
	PasswordFile string `name:"password-file" help:"Read the password from this file, - for standard input; without it, it is asked for." placeholder:"FILE"`
}

// read gets the password; a new one is asked for twice.
func (p passwordFrom) read(e *environment, fresh bool) ([]byte, error) {
	if p.PasswordFile != "" {
		return passwordFile(e, p.PasswordFile)
	}
	in, ok := e.In.(*os.File)
	if !ok || !isTTY(in) {
		return nil, usagef("give --password-file FILE, or - for standard input", "there is no terminal to ask for the password on")
	}
	ask := func(what string) ([]byte, error) {
		fmt.Fprint(e.Err, what)
		b, err := term.ReadPassword(in.Fd())
		fmt.Fprintln(e.Err)
		if err != nil {
			return nil, fmt.Errorf("password: %w", err)
		}
		return b, checkPassword(b)
	}
	b, err := ask("Password: ")
	if err != nil || !fresh {
		return b, err
	}
	again, err := ask("Once more: ")
	if err == nil && string(again) != string(b) {
		err = errors.New("the two passwords differ")
	}
	return b, err
}

// passwordFile reads one, without the end of its line.
func passwordFile(e *environment, name string) ([]byte, error) {
	var r io.Reader = e.In
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		r = f
	}
	b, err := io.ReadAll(io.LimitReader(r, control.MaxPasswordBytes+3))
	if err != nil {
		return nil, fmt.Errorf("password: %w", err)
	}
	b = []byte(strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r"))
	return b, checkPassword(b)
}

func checkPassword(b []byte) error {
	if len(b) == 0 || len(b) > control.MaxPasswordBytes {
		return control.Errorf(control.Invalid, "", "a password has 1 to %d bytes", control.MaxPasswordBytes)
	}
	return nil
}

type regionPasswordCmd struct {
	Status regionPasswordStatusCmd `cmd:"" default:"withargs" help:"Whether a region has a password, and whether I may come in."`
	Set    regionPasswordSetCmd    `cmd:"" help:"Set the password of a region that I administer."`
	Clear  regionPasswordClearCmd  `cmd:"" help:"Let everybody in again."`
	Enter  regionPasswordEnterCmd  `cmd:"" help:"Show a region's password, and come in."`
}

type oneRegion struct {
	Region string `arg:"" optional:"" help:"Name or id of the region; without it the one I am in, or serve."`
}

func (c oneRegion) password(ctx context.Context, e *environment, do string, b []byte) error {
	r, err := e.node().RegionPassword(ctx, &control.RegionPasswordRequest{Region: c.Region, Do: do, Password: b})
	if err != nil {
		return err
	}
	return e.show(r, func(w io.Writer) {
		fmt.Fprintf(w, "%s\t%s\t%s\n", r.Region, either(r.Locked, "has a password", "has no password"), either(r.Enter, "I may come in", "I may not come in: "+oneLine(r.Why)))
		if r.Left > 0 {
			fmt.Fprintf(w, "Set it again: %d of the region's servers left with its keys.\n", r.Left)
		}
	})
}

type regionPasswordStatusCmd struct{ oneRegion }

func (c regionPasswordStatusCmd) Run(ctx context.Context, e *environment) error {
	return c.password(ctx, e, "", nil)
}

type regionPasswordSetCmd struct {
	oneRegion
	passwordFrom
}

func (regionPasswordSetCmd) Help() string {
	return `Nobody learns the password but me: what the region's log holds is a record of it
that is of no use without the servers' keys. Who is inside stays; tickets for an
earlier password end. The keys are drawn anew each time: set it again, the same or
another, when a server of the region was removed, for it has the keys of before. Admins, and who is on the whitelist or was invited, come in
without it.

Example:
  metatopia region password set Commons --password-file secret.txt`
}

func (c regionPasswordSetCmd) Run(ctx context.Context, e *environment) error {
	b, err := c.read(e, true)
	if err != nil {
		return err
	}
	return c.password(ctx, e, "set", b)
}

type regionPasswordClearCmd struct{ oneRegion }

func (c regionPasswordClearCmd) Run(ctx context.Context, e *environment) error {
	return c.password(ctx, e, "clear", nil)
}

type regionPasswordEnterCmd struct {
	oneRegion
	passwordFrom
}

func (regionPasswordEnterCmd) Help() string {
	return `Five tries a minute are possible, and fewer after wrong ones in a row. The node
keeps the password until it stops.

Example:
  metatopia region password enter Commons`
}

func (c regionPasswordEnterCmd) Run(ctx context.Context, e *environment) error {
	b, err := c.read(e, false)
	if err != nil {
		return err
	}
	return c.password(ctx, e, "enter", b)
}
