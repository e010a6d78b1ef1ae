// Package oracle compares physics with another engine in its tests: Rapier,
// built to give the same bits everywhere, runs as WebAssembly in this process,
// and what comes of the same scenes has to be alike. It is installed by npm ci
// in this directory and never part of the tree.
package oracle
