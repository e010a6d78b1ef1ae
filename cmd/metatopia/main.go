// Command metatopia is a node of Metatopia and the commands that speak to one.
//
// Data goes to standard output, words for people to standard error. Exit codes:
// 0 done, 1 failed, 2 wrong usage, 69 unavailable (no node running), 77 not
// allowed.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/scripting/compiler"
)

func main() {
	// Not a command for people: a node starts it to compile a guest's module,
	// with little memory, time and priority.
	if len(os.Args) > 1 && os.Args[1] == compiler.Command {
		os.Exit(compiler.Main(os.Args[2:], os.Stdin, os.Stderr))
	}
	// The first signal asks for a clean end; after it the default is back, so
	// that a second one ends a process that hangs.
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], &terminals{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
}

// terminals are the three standard streams.
type terminals struct {
	In       io.Reader
	Out, Err io.Writer
}

// exited carries the exit code out of kong, which calls an exit function after
// printing help.
type exited int

// run is the whole command: parse, run, report.
func run(ctx context.Context, args []string, std *terminals) (code int) {
	defer func() {
		if p := recover(); p != nil {
			e, ok := p.(exited)
			if !ok {
				panic(p)
			}
			code = int(e)
		}
	}()
	var cli CLI
	conf, err := loadConfig(args, os.LookupEnv)
	if err != nil {
		return report(std, err)
	}
	parser, err := kong.New(&cli,
		kong.Name("metatopia"),
		kong.Description(description),
		kong.Writers(std.Out, std.Err),
		kong.Exit(func(code int) { panic(exited(code)) }),
		kong.Resolvers(conf),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, WrapUpperBound: 100}),
		kong.WithHyphenPrefixedParameters(true), // --to -3,0,4
		kong.Vars{"home": defaultHome()},
	)
	if err != nil {
		return report(std, fmt.Errorf("metatopia: command line: %w", err))
	}
	kctx, err := parser.Parse(args)
	var usage usageError
	if errors.As(err, &usage) {
		return report(std, err) // it has its own hint
	}
	if err != nil {
		hint := "metatopia --help"
		var perr *kong.ParseError
		if errors.As(err, &perr) && perr.Context != nil && perr.Context.Selected() != nil {
			hint = "metatopia " + perr.Context.Selected().Path() + " --help"
		}
		return report(std, usagef("see `"+hint+"`", "%w", err))
	}
	home, err := filepath.Abs(cli.Home)
	if err != nil {
		return report(std, fmt.Errorf("data directory: %w", err))
	}
	env := &environment{
		terminals: *std, JSON: cli.JSON, Home: home, Version: version(),
		Command: strings.TrimPrefix(kctx.Selected().Path(), "metatopia "),
	}
	kctx.BindTo(ctx, (*context.Context)(nil))
	return report(std, kctx.Run(env))
}

// usageError is a wrong command line that kong could not see.
type usageError struct {
	error
	hint string
}

func (e usageError) Unwrap() error { return e.error }

func usagef(hint, format string, args ...any) error {
	return usageError{fmt.Errorf(format, args...), hint}
}

// errQuiet ends a command with exit code 1 after it has said why itself.
var errQuiet = errors.New("failed")

// report prints what went wrong with at most one hint, and gives the exit code.
func report(std *terminals, err error) int {
	if err == nil {
		return control.ExitOK
	}
	if errors.Is(err, errQuiet) {
		return control.ExitFailed
	}
	fmt.Fprintf(std.Err, "metatopia: %s\n", clean(err.Error()))
	var usage usageError
	if errors.As(err, &usage) {
		if usage.hint != "" {
			fmt.Fprintf(std.Err, "hint: %s\n", usage.hint)
		}
		return control.ExitUsage
	}
	if hint := control.HintOf(err); hint != "" {
		fmt.Fprintf(std.Err, "hint: %s\n", clean(hint))
	}
	return control.ExitCode(err)
}
