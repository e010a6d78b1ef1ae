package replica

import (
	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/order"
)

// Rewind makes Ready give the records after tick once more: the caller went back
// to the state after it. It is an error when some of them are dropped.
func (l *Log) Rewind(tick base.Tick) error {
	return l.with(func() error {
		list, err := l.core.Again(tick)
		if err != nil {
			return err
		}
		size := 0
		for i := range l.ready { // they are in the list as well
			size += len(l.ready[i].Bytes)
		}
		l.core.Took(size)
		l.ready = list
		return nil
	})
}

// After gives the committed records after tick that Ready has given or would
// give, for reading.
func (l *Log) After(tick base.Tick) (list []order.Encoded, err error) {
	err = l.with(func() error {
		if list, err = l.core.Again(tick); err != nil {
			return err
		}
		size := 0
		for i := range list {
			size += len(list[i].Bytes)
		}
		l.core.Took(size)
		return nil
	})
	return list, err
}
