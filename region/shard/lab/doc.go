// Package lab runs two or three shards beside each other, with a network that
// delays, loses and reorders between them, and the same scene in one shard
// without a border: what tests and `metatopia bench physics` measure borders
// with. It is as pure as what it runs: a seed gives a run.
package lab
