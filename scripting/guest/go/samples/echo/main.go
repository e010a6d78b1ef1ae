//go:build wasip1

// Echo: sends every message back to the capabilities in it; what comes without
// any goes to the log. "stop" ends it with code 7.
// SPDX-License-Identifier: MIT
package main

import "github.com/metatopia/metatopia/scripting/guest/go/sdk"

//go:wasmexport run
func run() {
	for {
		l, err := sdk.Receive(sdk.Forever)
		if err != nil || l.Kind != sdk.Message {
			continue
		}
		if string(l.Data) == "stop" {
			sdk.Leave(7)
		}
		if len(l.Caps) == 0 {
			sdk.Log(sdk.Info, "echo: "+string(l.Data))
		}
		for _, to := range l.Caps {
			_ = to.Send(l.Tag, l.Data) // who does not read is not waited for
			to.Drop()
		}
	}
}

func main() {}
