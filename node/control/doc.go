// Package control is a node's local API: the messages (types.go), what a node
// must do for them (Backend), a Server that offers a Backend on a Unix socket
// and to a browser, and a typed Client. Web page, telnet and command line use
// nothing else of a node.
//
// The protocol is Connect (connectrpc.com/docs/protocol) with JSON, service
// metatopia.v1.Node, one procedure for every Backend method. See
// docs/protocol/control.md.
//
// Trust: whoever can open the socket is the node's user; the directory is
// 0700, the socket 0600 and the peer's uid is checked. The browser side trusts
// nobody without the token, and never a page of another origin.
package control
