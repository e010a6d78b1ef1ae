// Package terminal shows the node's place as text over telnet: a header with
// the region and who is near, a log of what happens, and a prompt. It speaks
// to the node as every client does, through node/control.
//
// The screen is a grid of packed cells; only what differs from the last grid
// is sent. Clients that do not negotiate (a pipe, netcat) get plain lines.
//
// Telnet has no encryption and no login. The server listens on loopback only,
// and on Linux it looks up the peer's uid and refuses other users of the
// machine. Elsewhere every local user can act as this node's avatar: start the
// node with --no-telnet there when others use the machine.
//
// A session has four goroutines: reader, watcher, worker and the loop that
// owns the model and the screen. They all end with the connection.
package terminal
