// Command build makes the guests that are shipped with the node:
//
//	go run ./scripting/guest/build
//
// writes scripting/guest/dist/NAME.wasm and NAME.source. It is what `make
// guests` runs.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/metatopia/metatopia/scripting/guest/builder"
)

func main() {
	dir := flag.String("dir", "scripting/guest", "directory of the guests' sources")
	out := flag.String("out", "", "directory to write to (dist in -dir)")
	flag.Parse()
	if *out == "" {
		*out = filepath.Join(*dir, "dist")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := builder.Build(ctx, builder.Config{Dir: *dir, Out: *out, Log: os.Stderr}); err != nil {
		fmt.Fprintln(os.Stderr, "build:", err)
		os.Exit(1)
	}
}
