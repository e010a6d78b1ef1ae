package main

import "testing"

func TestLessGarbageNearTheLimit(t *testing.T) {
	const limit = 16 << 30
	for _, c := range []struct {
		live uint64
		want int
	}{
		{0, mostGarbage},
		{1 << 30, mostGarbage},
		{12 << 30, 24},
		{15 << 30, leastGarbage},
		{20 << 30, leastGarbage},
	} {
		if got := garbage(c.live, limit); got != c.want {
			t.Errorf("%d bytes in use: %d %% garbage allowed, want %d", c.live, got, c.want)
		}
	}
}
