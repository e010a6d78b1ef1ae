// Package rival builds other overlays as machines of raysim, so that they run
// in the same engine as ours, with the same seeds, links and measures:
//
//   - classic: RayNet as its specification has it,
//   - von: Voronoi neighbours told directly, as VON and VAST do,
//   - kad: positions published by cell in a Kademlia table,
//   - knn20: the 20 nearest by gossip, and greedy routing over them.
//
// Each is built as its authors describe it with the known bugs put right; the
// type of each says what was chosen where the description is silent. What
// holds for all:
//
//   - They send unsigned datagrams, sized as the descriptions have them. They
//     need no connection: ours waits a round trip for each and signs records.
//   - A sender learns that a node cannot be reached when the engine says so,
//     and forgets it. For the gossips, which pass descriptors of the dead
//     around, it also refuses it for graveTime: none of the descriptions has
//     that, and without it the dead never go.
//   - A newcomer has only addresses. It asks them until somebody answers.
//   - Lookups (raysim.EvLookup) are not answered but by kad.
package rival
