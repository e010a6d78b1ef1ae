// Package overlay drives the Raynet core with a real clock and real links: one
// goroutine steps it, p2p.Links carry its messages, and what was learned of
// others is kept on disk for the next start. It knows neither regions nor
// avatars: whoever uses it says where its point is.
//
// Every method may be called from any goroutine.
package overlay
