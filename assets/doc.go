// Package assets loads lumps as things that can be shown, heard or run: a
// Mesh, a Texture, a Sound, a Module, a Script, a Text, an Avatar.
//
// A Library gives a small number, a Handle, for a lump and the class wanted,
// fetches and decodes in the background, and keeps what it decoded within a
// number of bytes. Handles mean something on this node only.
//
// The bytes come from strangers. Each format has two steps: measure reads the
// headers and walks the structure, allocates next to nothing, and refuses what
// is over a bound of limits.go; decode runs only then, in one of few workers,
// with the memory that measure found set aside for it, and its panics are
// caught. What the node does not understand a guest may: a Foreign format
// names the module that turns its bytes into the encoding of a class, which
// Decode checks like any other hostile bytes.
//
// The package imports neither the network nor the wasm engine: both are
// interfaces (Lumps, Modules, Guests) that the node supplies.
//
// docs/protocol/assets.md is the page for the classes, their bounds and their
// encoding.
package assets
