package order

import "fmt"

// Queue holds the entries of the next record within a record's bounds.
type Queue struct {
	entries [][]byte
	size    int
	sync    bool
}

// Add takes an entry. The error is ErrRecord for one that no record holds and
// ErrFull when the next one has no room.
func (q *Queue) Add(entry []byte, sync bool) error {
	switch {
	case len(entry) > MaxEntryBytes:
		return fmt.Errorf("%w: entry of %d bytes", ErrRecord, len(entry))
	case len(q.entries) >= MaxEntries || q.size+len(entry)+4 > MaxRecordBytes-headBytes:
		return ErrFull
	}
	q.entries = append(q.entries, entry)
	q.size += len(entry) + 4
	q.sync = q.sync || sync
	return nil
}

// Len is the number of entries.
func (q *Queue) Len() int { return len(q.entries) }

// Take empties the queue.
func (q *Queue) Take() (entries [][]byte, sync bool) {
	entries, sync = q.entries, q.sync
	*q = Queue{}
	return entries, sync
}
