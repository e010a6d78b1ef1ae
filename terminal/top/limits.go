package top

import "time"

const (
	every        = time.Second     // between two refreshes
	fetchTimeout = 5 * time.Second // of one refresh

	// MaxRows bounds the processes of a refresh, the greatest by the order that
	// is shown. With a filter it is the node's own bound, so that a filter finds
	// what the list leaves out.
	MaxRows = 1000

	maxLines  = 200  // log lines kept of a refresh: more than a screen has
	maxText   = 1024 // bytes of a name or a line that are looked at
	maxFilter = 64   // bytes
	maxTree   = 16   // cells of the lines that draw the tree

	minWidth, minHeight = 60, 12 // of a screen
)
