// Command webbuild bundles the browser client: web/src into web/dist, where
// package web embeds it. It is esbuild used as a library, so the only thing
// needed from outside Go is the source of three.js (npm ci).
//
//	go run ./cmd/webbuild [-watch] [-sourcemap] [-web DIR]
//
// It does not check types; tsc does, in make test.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	web := flag.String("web", "web", "directory of the client's source")
	watch := flag.Bool("watch", false, "build again at every change, until interrupted")
	sourcemap := flag.Bool("sourcemap", false, "write source maps beside the bundle")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintln(os.Stderr, "usage: webbuild [-watch] [-sourcemap] [-web DIR]")
		os.Exit(2)
	}
	b, err := newBundle(*web, *sourcemap)
	if err != nil {
		fail(err)
	}
	if *watch {
		stop := make(chan os.Signal, 1)
		signal.Notify(stop, os.Interrupt, syscall.SIGTERM)
		if err := b.watch(stop); err != nil {
			fail(err)
		}
		return
	}
	if err := b.build(); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
