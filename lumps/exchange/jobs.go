package exchange

import (
	"sync"
	"time"

	"github.com/metatopia/metatopia/lumps"
)

// jobs are the wants of all readers by name: a lump that one of them gets, or
// that is added here, is there for the others too, and two that read the same
// content do not both fetch it.
type jobs struct {
	patience time.Duration // how long one reader waits for what another has asked for

	mu sync.Mutex
	m  map[lumps.Ref]*sharing
}

// sharing is who wants one lump.
type sharing struct {
	jobs []*job
	by   *swarm // who has asked a peer for it
	at   time.Time
}

func (t *jobs) add(j *job) {
	t.mu.Lock()
	defer t.mu.Unlock()
	sh := t.m[j.ref]
	if sh == nil {
		sh = &sharing{}
		t.m[j.ref] = sh
	}
	sh.jobs = append(sh.jobs, j)
}

func (t *jobs) remove(j *job) {
	t.mu.Lock()
	defer t.mu.Unlock()
	sh := t.m[j.ref]
	if sh == nil {
		return
	}
	if sh.by == j.s {
		sh.by = nil
	}
	if sh.jobs = without(sh.jobs, j); len(sh.jobs) == 0 {
		delete(t.m, j.ref)
	}
}

// asked notes that a peer was asked for a job's lump.
func (t *jobs) asked(j *job, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if sh := t.m[j.ref]; sh != nil {
		sh.by, sh.at = j.s, now
	}
}

// elsewhere tells whether another reader has lately asked for the same lump.
func (t *jobs) elsewhere(j *job, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	sh := t.m[j.ref]
	return sh != nil && sh.by != nil && sh.by != j.s && now.Sub(sh.at) < t.patience
}

// came ends all jobs for a lump that is here now, and tells whether there were
// any. The caller's own ends with its peer's name first, so it passes that.
func (t *jobs) came(r lumps.Ref, b []byte, but *swarm) bool {
	t.mu.Lock()
	sh := t.m[r]
	var all []*job
	if sh != nil {
		for _, j := range sh.jobs {
			if j.s != but {
				all = append(all, j)
			}
		}
	}
	t.mu.Unlock()
	for _, j := range all {
		j.s.mu.Lock()
		j.s.finish(j, b, "", nil)
		j.s.mu.Unlock()
	}
	return len(all) > 0
}
