// Package presence is the interest layer: who sees whom, and how often poses
// flow between them, directly from node to node. It is a pure state machine
// on top of an overlay that names the nodes around a position (raynet does);
// it does not know which.
//
// A node subscribes to the avatars in its area of interest: the nearest at
// the full rate, the next at a slow one. Who is beyond those is told to it by
// some of its publishers, its sensors, in digests. Newcomers are announced by
// third parties that see both (notices) and found by questions (asks). What a
// third party says is a hint: only what an avatar says of itself counts as
// first-hand.
//
// The driver owes:
//   - one goroutine per Node at a time;
//   - a monotonic now in nanoseconds, and a Tick at the time of Outbox.WakeAt;
//   - From is the key that the transport authenticated;
//   - messages are not changed after they were given or taken;
//   - SetPose at least once a second while the avatar moves, Neighbours when
//     the overlay's view changes or about once a second;
//   - PeerGone when a peer cannot be reached.
//
// docs/protocol/presence.md has the rules, numbered, and the bytes.
package presence
