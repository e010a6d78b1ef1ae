package raynet

// Scratch holds the buffers of selections, so that a selection in steady state
// allocates nothing. The zero value is ready. What it holds between two
// selections has no meaning: many nodes may share one, one at a time.
type Scratch struct {
	jury jury
}
