package byzantine

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/order"
)

// Rewind makes Ready give the records after tick, once more if it gave them
// before: the caller has, or went back to, the state after it. It is an error
// when some of them are dropped.
func (l *Log) Rewind(tick base.Tick) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	list, err := l.after(tick)
	if err != nil {
		return err
	}
	l.ready = list
	l.poke()
	return nil
}

// After gives the records after tick, for reading.
func (l *Log) After(tick base.Tick) ([]order.Encoded, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.after(tick)
}

func (l *Log) after(tick base.Tick) (list []order.Encoded, err error) {
	if tick >= l.tick {
		return nil, nil
	}
	at := 0
	if tick != l.first.Tick {
		i, ok := l.find(tick)
		if !ok {
			return nil, fmt.Errorf("byzantine: the records after tick %d are not all here: %d to %d are", tick, l.first.Tick+1, l.tick)
		}
		at = i + 1
	} else if len(l.held) > 0 && l.held[0].tick == tick {
		at = 1 // the base's own
	}
	for _, h := range l.held[at:] {
		d, rec, err := parseDecision(h.bytes)
		if err != nil {
			return nil, err
		}
		list = append(list, order.Encoded{Record: rec, Bytes: d.Proposal.Payload, Sum: h.sum})
	}
	return list, nil
}
