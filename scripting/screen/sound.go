package screen

// Wave of a tone.
type Wave uint32

const (
	Sine Wave = iota
	Square
	Triangle
	Saw
	Noise
	waves
)

// Sound is a tone, or samples.
type Sound struct {
	N      uint64 // its number, from 1
	Stop   bool   // what is heard ends, and what waits is not heard
	Wave   Wave
	Hertz  float64
	Volume float64 // 0 to 1
	Rate   uint32  // of samples; 0 = a tone
	Length float64 // seconds
	PCM    []byte  // signed, 16 bits, little-endian, one channel
}

// sounds keeps the last ones for those who watch.
type sounds struct {
	last    uint64
	list    []Sound
	samples float64 // when all that were given are over, in seconds of the owner's clock
	tones   float64 // until when those begun are paid for
}

// add takes one, unless too much waits: samples sound one after the other,
// tones together.
func (q *sounds) add(now float64, s Sound, keep bool) bool {
	over, length := &q.tones, toneAhead
	if s.Rate != 0 {
		over, length = &q.samples, s.Length
	}
	begin := max(*over, now)
	if begin+length-now > MaxAhead {
		return false
	}
	*over = begin + length
	if s.Stop {
		q.samples = now
	}
	q.last++
	s.N = q.last
	if !keep {
		q.list = nil
		return true
	}
	if len(q.list) == keptSounds {
		q.list = append(q.list[:0], q.list[1:]...)
	}
	q.list = append(q.list, s)
	return true
}

// since gives those after a number.
func (q *sounds) since(n uint64) []Sound {
	for i := range q.list {
		if q.list[i].N > n {
			return append([]Sound(nil), q.list[i:]...)
		}
	}
	return nil
}
