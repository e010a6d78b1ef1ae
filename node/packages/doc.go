// Package packages is a node's memory of packages: which are installed with
// what grants, which this node has made, and the releases of the authors it
// knows. It keeps manifests and histories in files of its own; the contents are
// lumps, and fetching, pinning and running them is the node's part.
package packages
