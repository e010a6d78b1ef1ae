// Package byzantine is the log of a region whose servers need not trust each
// other: of 3f+1 servers f may lie, and the others still agree on the same
// records. It drives github.com/hyperledger-labs/SmartBFT, one decision for each
// tick, and stands where node/replica stands in a region whose servers may
// crash and do not lie. It is experimental: docs/protocol/byzantine.md says what
// it does not do.
package byzantine
