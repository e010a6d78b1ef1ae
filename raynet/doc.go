// Package raynet is the overlay: which other nodes surround mine, and which
// node is closest to a given place. It is a pure state machine after the
// RayNet specification (Frey, for Solipsis): a node knows its neighbours in
// the Voronoi diagram of all nodes approximately, by casting rays from its own
// position and keeping those nodes whose bisector a ray meets first.
//
// A node holds four views: near (who surrounds me), long (two links for each
// doubling of distance), random (an even sample of the world) and passive
// (those that went silent, tried again now and then so that a split heals).
// docs/protocol/raynet.md has the rules by number, the parameters and the
// byte layouts; raynet/wire parses and appends them.
//
// # What the driver owes
//
//   - One goroutine at a time calls Step and the getters.
//   - now never runs backwards; it is nanoseconds of any monotonic clock.
//   - A Recv's From is the key that the transport authenticated.
//   - Effects are performed in order; sends to one peer and class stay in
//     order. Messages may be lost, delayed and doubled; that costs time, not
//     correctness.
//   - A Tick is given at or soon after the last WakeAt.
//   - Env.Verify is an Ed25519 verification and Env.Sign signs with the key
//     the node was made with. Neither may call back.
//
// The same seed, config and inputs give the same effects byte for byte, on
// every CPU: the only float operations are + - * / and square root, and each
// product is rounded before it is added.
package raynet
