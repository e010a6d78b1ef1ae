package assets

import (
	"context"
	"math/bits"
	"time"
)

// Sound is audio as it is encoded, for whoever plays it. WAV and raw samples
// were checked to the last sample; of Ogg the container and the headers were,
// and of Opus the length of every packet: nothing here decodes Vorbis or Opus.
type Sound struct {
	Format   string // wav, opus, vorbis; raw: Data is 16 bit samples, little-endian, interleaved
	Rate     int    // samples a second; of Opus always 48000
	Channels int
	Frames   int64 // samples of each channel
	Data     []byte
}

// Memory implements Form.
func (s *Sound) Memory() int64 { return int64(len(s.Data)) }

// Duration is how long it plays.
func (s *Sound) Duration() time.Duration {
	// 128 bits between: frames are a stranger's number until check.
	hi, lo := bits.Mul64(uint64(s.Frames), uint64(time.Second))
	if hi >= uint64(s.Rate) {
		return 1<<63 - 1
	}
	d, _ := bits.Div64(hi, lo, uint64(s.Rate))
	return time.Duration(min(d, 1<<63-1))
}

// check bounds what the headers claim.
func (s *Sound) check() error {
	switch {
	case s.Rate < MinRate || s.Rate > MaxRate:
		return malformed("%s: %d samples a second, not %d to %d", s.Format, s.Rate, MinRate, MaxRate)
	case s.Channels < 1 || s.Channels > MaxChannels:
		return malformed("%s: %d channels, not 1 to %d", s.Format, s.Channels, MaxChannels)
	case s.Frames < 1:
		return malformed("%s: no samples", s.Format)
	case s.Duration() > MaxDuration:
		return over("seconds of "+s.Format, int64(s.Duration()/time.Second), int64(MaxDuration/time.Second))
	}
	return nil
}

// soundFormat is measured and decoded in one: nothing is allocated.
func soundFormat(name string, is func([]byte) bool, read func([]byte) (*Sound, error)) Format {
	return Format{
		Name: name, Classes: []Class{ClassSound}, is: is,
		measure: func(b []byte, _ Class) (int64, error) { return 0, nil },
		decode: func(_ context.Context, b []byte, _ Class) (Form, error) {
			s, err := read(b)
			if err != nil {
				return nil, err
			}
			if err := s.check(); err != nil {
				return nil, err
			}
			return s, nil
		},
	}
}
