//go:build wasip1

// A greeter: answers every message, in its log and to the capability that came
// with it, and greets in the world when asked to ("hello" or "hello NAME").
// SPDX-License-Identifier: MIT
package main

import (
	"fmt"
	"strings"

	"github.com/metatopia/metatopia/scripting/guest/go/sdk"
)

//go:wasmexport run
func run() {
	sdk.Log(sdk.Info, fmt.Sprintf("greeter ready, arguments %q", sdk.Args()))
	for count := 1; ; count++ {
		m, err := sdk.Receive(sdk.Forever)
		if err != nil {
			sdk.Log(sdk.Error, "receive: "+err.Error())
			return
		}
		reply := answer(strings.TrimSpace(string(m.Data)), count)
		fmt.Println(reply) // standard output is the log
		for _, to := range m.Caps {
			if err := to.Send(m.Tag, []byte(reply)); err != nil {
				sdk.Log(sdk.Warn, "send: "+err.Error())
			}
			to.Drop()
		}
	}
}

func answer(text string, count int) string {
	word, rest, _ := strings.Cut(text, " ")
	if strings.EqualFold(word, "hello") {
		if rest == "" {
			rest = "everybody"
		}
		if err := sdk.Say("Hello, " + rest + "!"); err != nil {
			return fmt.Sprintf("%d: could not greet %s: %v", count, rest, err)
		}
		return fmt.Sprintf("%d: greeted %s", count, rest)
	}
	return fmt.Sprintf("%d: got %q", count, text)
}

func main() {}
