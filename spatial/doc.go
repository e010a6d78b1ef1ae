// Package spatial is the shape of a world: positions, boxes, sites and the
// borders between them, and the index that answers "who is near".
//
// World positions are integers, so who owns a place, and on which side of a
// border it lies, is decided exactly and alike on every machine. Floats appear
// only in local offsets (Vec, Quat); their arithmetic is in spatial/det.
//
// The package is a core: it starts no goroutine and reads no clock. Values are
// safe to share between goroutines once made, except Index, which belongs to
// one goroutine at a time.
package spatial
