// Package pkg is the pure part of packages: what a manifest says, how it is
// encoded and signed, how versions are ordered, how an author's releases are
// chained so that a version means one thing only, what a bundle of source looks
// like, and which privileges there are. It opens no file and no socket; the
// node's store of packages is node/packages, the building of modules is
// scripting/pkg/recipe. Formats are described in docs/protocol/packages.md.
package pkg
