//go:build wasip1

// Package sdk gives Go guests the interfaces of a Metatopia node (see
// docs/interfaces in the node's repository). A guest is built with
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -ldflags='-s -w' -o guest.wasm
//
// and exports its body:
//
//	//go:wasmexport run
//	func run() { ... }
//
// Go modules are a megabyte or two, so Go is for processes; a thing's handler
// is better written in AssemblyScript.
//
// SPDX-License-Identifier: MIT
package sdk
