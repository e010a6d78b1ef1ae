//go:build wasip1

// A compiler of Mote (docs/mote.md). A message is a program, or "lump CID" of
// one. With a line "run ARGUMENT" before it what was made is started too. With
// arguments the process compiles those lumps and ends. The answer, in the log and
// to every capability that came with the message, under its tag:
//
//	ok CID BYTES
//	error LINE:COLUMN: why
//
// It may only store and start what was granted: metatopia spawn --may-put,
// --may-spawn.
// SPDX-License-Identifier: MIT
package main

import (
	"fmt"
	"strings"

	"github.com/metatopia/metatopia/scripting/guest/go/mote"
	"github.com/metatopia/metatopia/scripting/guest/go/sdk"
)

//go:wasmexport run
func run() {
	if args := sdk.Args(); len(args) > 0 {
		for _, cid := range args {
			made, err := compile("lump " + cid)
			fmt.Println(answer(made, err))
			if err != nil {
				sdk.Leave(1)
			}
		}
		return
	}
	for {
		m, err := sdk.Receive(sdk.Forever)
		if err != nil {
			sdk.Log(sdk.Error, "receive: "+err.Error())
			return
		}
		if m.Kind != sdk.Message {
			continue
		}
		reply, child := serve(string(m.Data))
		fmt.Println(reply) // standard output is the log
		for _, to := range m.Caps {
			var caps []sdk.Handle
			if child != 0 {
				caps = append(caps, child)
			}
			if err := to.Send(m.Tag, []byte(reply), caps...); err != nil {
				sdk.Log(sdk.Warn, "send: "+err.Error())
			}
			to.Drop()
		}
		if child != 0 {
			child.Drop()
		}
	}
}

// serve does what a message asks for: what was started goes with the answer.
func serve(text string) (reply string, child sdk.Handle) {
	first, rest, _ := strings.Cut(text, "\n")
	argument, start := strings.CutPrefix(first+" ", "run ")
	if start {
		text = rest
	}
	made, err := compile(text)
	if err == nil && start {
		if child, err = begin(made.cid, strings.TrimSpace(argument)); err != nil {
			err = fmt.Errorf("%s was not started: %w", made.cid, err)
		}
	}
	return answer(made, err), child
}

// module is one that was stored.
type module struct {
	cid  string
	size int
}

func answer(m module, err error) string {
	if err != nil {
		return "error " + err.Error()
	}
	return fmt.Sprintf("ok %s %d", m.cid, m.size)
}

// compile makes and stores the module of a program, or of "lump CID".
func compile(text string) (m module, err error) {
	source := []byte(text)
	if cid, ok := strings.CutPrefix(text, "lump "); ok {
		if source, err = sdk.ReadLump(strings.TrimSpace(cid)); err != nil {
			return m, fmt.Errorf("the lump was not read: %w", err)
		}
	}
	wasm, err := mote.Compile(source)
	if err != nil {
		return m, err
	}
	if m.cid, err = sdk.PutLump(wasm); err != nil {
		return m, fmt.Errorf("the module was not stored: %w", err)
	}
	m.size = len(wasm)
	return m, nil
}

// begin starts a module as what it is: with a run, else as a handler.
func begin(cid, argument string) (sdk.Handle, error) {
	h, err := sdk.SpawnModule(cid, []byte(argument), "", 0, 0)
	if err == sdk.Refused {
		h, err = sdk.SpawnModule(cid, []byte(argument), "", sdk.AsHandler, 0)
	}
	return h, err
}

func main() {}
