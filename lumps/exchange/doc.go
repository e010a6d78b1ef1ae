// Package exchange finds, fetches and serves content between nodes.
//
// A content is looked for in the store, then at the connected peers, then at
// the providers that content routing (the DHT) names, which are dialled. Its
// root comes by bitswap, its parts on streams of our own from several peers at
// once; bitswap does the rest. Every lump is checked against its name before anyone sees it,
// and every tree of lumps against the bounds of package lumps: a peer can
// withhold bytes, not choose them.
//
// Whoever knows a name and can connect may have the bytes: the exchange does
// not decide who reads.
//
// Protocol names: <prefix>/lumps/dag/1, <prefix>/ipfs/bitswap/1.2.0, and the
// provider records of the routing that Config names.
package exchange
