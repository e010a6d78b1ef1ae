// Package witness drives region/agree on one server of a region: it signs and
// collects votes, and when this server's state is not the one that is certified
// it halts it, keeps the evidence, finds out with one of the others where the
// state differs, makes the ticks again, and writes down what it found. What
// begins again from a certified checkpoint is the server's driver.
//
// Applied is called on the goroutine that owns the sim; all other methods may be
// called from any.
package witness
