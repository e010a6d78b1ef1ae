//go:build wasip1

// Tree: keeps two workers a and b alive and asks them. The node's owner writes
// "count a" (its log says how often a has been asked), "fall a" (a ends, and is
// started anew) and "stop".
// SPDX-License-Identifier: MIT
package main

import (
	"strconv"
	"strings"
	"time"

	"github.com/metatopia/metatopia/scripting/guest/go/sdk"
)

//go:wasmexport run
func run() {
	if len(sdk.Args()) > 0 {
		worker()
		return
	}
	_, err := sdk.Supervise(sdk.OneForOne, 3, 5*time.Second,
		sdk.Child{Name: "a", Restart: sdk.Permanent, Arg: "worker"}, sdk.Child{Name: "b", Restart: sdk.Permanent, Arg: "worker"})
	if err != nil {
		sdk.Log(sdk.Error, err.Error())
		sdk.Leave(2)
	}
	sdk.Log(sdk.Info, "ready")
	for {
		l, err := sdk.Receive(sdk.Forever)
		if err != nil || l.Kind != sdk.Message {
			continue
		}
		switch verb, name, _ := strings.Cut(string(l.Data), " "); verb {
		case "count":
			count(name)
		case "fall":
			fall(name)
		case "stop":
			return
		}
	}
}

func worker() {
	for asked := 0; ; {
		l, err := sdk.Receive(sdk.Forever)
		if err != nil || l.Kind != sdk.Message {
			continue
		}
		if string(l.Data) == "fall" {
			sdk.Leave(1)
		}
		for _, to := range l.Caps {
			asked++
			_ = to.Send(l.Tag, []byte(strconv.Itoa(asked))) // who has ended needs no answer
			to.Drop()
		}
	}
}

// find waits until a worker has its name.
func find(name string) sdk.Handle {
	for {
		if h, err := sdk.Whereis(name); err == nil {
			return h
		}
		time.Sleep(time.Millisecond)
	}
}

func count(name string) {
	to, me := find(name), sdk.Self()
	defer to.Drop()
	defer me.Drop()
	answer, err := me.Demote(sdk.CanSend)
	if err == nil {
		defer answer.Drop()
		err = to.Send(1, []byte("count"), answer)
	}
	var l sdk.Letter
	if err == nil {
		l, err = sdk.Receive(5*time.Second, 1)
	}
	if err != nil {
		sdk.Log(sdk.Error, err.Error())
		return
	}
	sdk.Log(sdk.Info, name+" "+string(l.Data))
}

func fall(name string) {
	h := find(name)
	defer h.Drop()
	ref, err := h.Monitor()
	if err == nil {
		err = h.Send(0, []byte("fall"))
	}
	var l sdk.Letter
	if err == nil {
		l, err = sdk.Receive(sdk.Forever, ref)
	}
	if err != nil {
		sdk.Log(sdk.Error, err.Error())
		return
	}
	sdk.Log(sdk.Info, name+" fell: "+l.Reason)
	find(name).Drop()
	sdk.Log(sdk.Info, name+" is back")
}

func main() {}
