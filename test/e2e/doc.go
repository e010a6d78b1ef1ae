// Package e2e tests the built program from outside, as a person, a script or
// a stranger meets it: real processes, real sockets, a real browser and a
// real telnet client. It uses the command line and the JSON that it prints,
// and nothing of the node's insides.
//
// The tests need what `make test` installs (chromium, telnet, tmux, iproute2)
// and are left out with -short. $METATOPIA_BIN names the binary to test;
// without it one is built. What the tests keep for a person to look at goes to
// $METATOPIA_ARTIFACTS, or test/artifacts.
package e2e
