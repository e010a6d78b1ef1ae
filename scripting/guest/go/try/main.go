//go:build wasip1

// Tries what the SDK has for processes; for its test, not shipped. It leaves with
// 1 and a line in the log when something is not as it should be.
// SPDX-License-Identifier: MIT
package main

import (
	"time"

	"github.com/metatopia/metatopia/scripting/guest/go/sdk"
)

//go:wasmexport handle
func handle() {
	m := sdk.Current()
	if m.Kind != sdk.Message {
		return
	}
	if string(m.Data) == "fall" {
		sdk.Leave(3)
	}
	for _, to := range m.Caps {
		to.Send(m.Tag, append([]byte("echo "), m.Data...))
		to.Drop()
	}
}

func want(ok bool, what string) {
	if !ok {
		sdk.Log(sdk.Error, what)
		sdk.Leave(1)
	}
}

func next(tags ...int64) sdk.Letter {
	m, err := sdk.Receive(sdk.Forever, tags...)
	want(err == nil, "receive")
	return m
}

//go:wasmexport run
func run() {
	if len(sdk.Args()) > 0 {
		time.Sleep(time.Hour)
		return
	}
	messages()
	supervised()
}

func messages() {
	child, err := sdk.Spawn(nil, "child", sdk.AsHandler|sdk.WithMonitor, 7)
	want(err == nil, "spawn")
	me, err := sdk.Self().Demote(sdk.CanSend)
	want(err == nil && me.Rights() == sdk.CanSend, "demote")
	_, err = sdk.Parent()
	want(err == sdk.NotFound, "parent")
	want(child.Send(5, []byte("hello"), me) == nil, "send with a capability")
	m := next(5)
	want(string(m.Data) == "echo hello" && !m.FromNode, "the answer")
	ref, err := sdk.After(time.Millisecond)
	m = next()
	want(err == nil && m.Kind == sdk.Timer && m.Ref == ref && !sdk.Cancel(ref), "timer")
	child.Send(0, []byte("fall"))
	m = next()
	want(m.Kind == sdk.Down && m.End == sdk.Failed && m.Code == 3 && m.Tag == 7 && m.Reason == "exit 3" && m.Ref == sdk.Spawned(), "down")
	want(child.Send(0, nil) == sdk.NotFound, "send to the dead")
	ref, err = child.Monitor()
	m = next(ref)
	want(err == nil && m.Kind == sdk.Down && m.End == sdk.Gone, "monitor of the dead")
	sdk.Demonitor(ref)
	lent, err := sdk.Self().Lend(sdk.CanSend)
	want(err == nil && lent.Revoke() == nil && lent.Send(0, nil) == sdk.Revoked, "lend and revoke")
	lent.Drop()
	want(sdk.Register("me", me) == nil && sdk.Register("me", me) == sdk.Taken && sdk.Unregister("me") == nil, "names")
}

func supervised() {
	sdk.TrapExits(true)
	sup, err := sdk.Supervise(sdk.OneForOne, 0, time.Second,
		sdk.Child{Name: "kid", Restart: sdk.Permanent, Handler: true}, sdk.Child{Restart: sdk.Temporary, Arg: "sleep"})
	want(err == nil, "supervise")
	kid, err := sdk.Whereis("kid")
	for ; err != nil; kid, err = sdk.Whereis("kid") {
		time.Sleep(time.Millisecond)
	}
	want(kid.Kill() == sdk.Denied, "kill without the right")
	kid.Send(0, []byte("fall"))
	m := next()
	want(m.Kind == sdk.Exit && m.End == sdk.Faulted, "the end of the supervisor")
	want(sup.Link(0) == nil, "link to the dead")
	m = next()
	want(m.Kind == sdk.Exit && m.End == sdk.Gone, "the end of the dead")
	other, err := sdk.Spawn([]byte("sleep"), "", 0, 0)
	want(err == nil && other.Link(0) == nil && other.Unlink() == nil && other.Kill() == nil, "link and kill")
}

func main() {}
