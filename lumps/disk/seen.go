package disk

import (
	"sync"
	"time"

	"github.com/metatopia/metatopia/lumps"
)

const (
	// maxSeen bounds the lumps that are remembered as verified: 16 GiB of them
	// in 2 MB. Past it, any one is forgotten for another.
	maxSeen = 16 << 10

	// seenFor is how long what was read and verified is lent without another
	// look. A file that somebody changes has another time of change and is
	// looked at; a disk that fails is found out after this.
	seenFor = 10 * time.Minute

	// seenAge is how old a file's time of change must be: some file systems
	// note it to two seconds, and a change in the same two would not show.
	seenAge = 3 * time.Second
)

// seen remembers which files held the right bytes when they were read.
type seen struct {
	mu sync.Mutex
	m  map[lumps.Ref]sight
}

// sight is how a file looked when its bytes matched its name.
type sight struct {
	size int
	used time.Time // its time of change
	read time.Time // when reading began
}

// same tells whether a file that looks like at was verified a short while ago.
func (s *seen) same(r lumps.Ref, at sight, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	old, ok := s.m[r]
	if !ok {
		return false
	}
	if age := now.Sub(old.read); age < 0 || age > seenFor || old.size != at.size || !old.used.Equal(at.used) {
		delete(s.m, r)
		return false
	}
	return true
}

// note remembers a file that was verified; now is when reading it began.
func (s *seen) note(r lumps.Ref, at sight, now time.Time) {
	if now.Sub(at.used) < seenAge {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.m == nil {
		s.m = map[lumps.Ref]sight{}
	}
	if len(s.m) >= maxSeen {
		for old := range s.m {
			delete(s.m, old)
			break
		}
	}
	at.read = now
	s.m[r] = at
}
