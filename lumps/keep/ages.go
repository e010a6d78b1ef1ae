package keep

import "time"

// ages counts bytes by how long they were not used: a sweep finds out where to
// cut without sorting a million lumps.
type ages struct{ bytes [buckets]int64 }

const (
	bucket  = 10 * time.Minute
	buckets = 60 * 24 * 6 // 60 days; older ones are all as old
)

func (a *ages) add(age time.Duration, n int64) {
	i := max(int(age/bucket), 0)
	a.bytes[min(i, buckets-1)] += n
}

// cut is a time before which at least need bytes were last used, or all that
// there are.
func (a *ages) cut(now time.Time, need int64) time.Time {
	sum := int64(0)
	for i := buckets - 1; i >= 0; i-- {
		if sum += a.bytes[i]; sum >= need {
			return now.Add(1 - time.Duration(i)*bucket)
		}
	}
	return now.Add(1)
}
