package process

import "sync/atomic"

// Budget is a bound that several processes share, in bytes. nil has no bound.
type Budget struct {
	most atomic.Int64
	used atomic.Int64
}

// NewBudget makes one of most bytes.
func NewBudget(most int64) *Budget {
	b := &Budget{}
	b.most.Store(most)
	return b
}

// SetMost changes the bound; what is used stays.
func (b *Budget) SetMost(most int64) { b.most.Store(most) }

// Take uses n bytes; false when that is too much.
func (b *Budget) Take(n int64) bool {
	if b == nil {
		return true
	}
	if b.used.Add(n) > b.most.Load() {
		b.used.Add(-n)
		return false
	}
	return true
}

// Give returns n bytes.
func (b *Budget) Give(n int64) {
	if b != nil {
		b.used.Add(-n)
	}
}

// Used is how many are.
func (b *Budget) Used() int64 {
	if b == nil {
		return 0
	}
	return b.used.Load()
}

// Most is the bound.
func (b *Budget) Most() int64 {
	if b == nil {
		return 0
	}
	return b.most.Load()
}
