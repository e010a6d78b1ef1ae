package byzantine

import (
	"bytes"
	"testing"
)

// TestRecordsOnceMore: whoever went back to a state gets what came after it.
func TestRecordsOnceMore(t *testing.T) {
	c := testCluster(t, 4)
	c.open()
	s := c.list[0]
	s.submit("a.", 0, 20)
	s.has("a.", 20)
	wait(t, "some records", func() bool { return len(s.records()) > 4 })
	all := s.records()
	for from := range 4 {
		tick := c.base.Tick
		if from > 0 {
			tick = all[from-1].Tick
		}
		got, err := s.log.After(tick)
		if err != nil || len(got) < len(all)-from {
			t.Fatalf("after tick %d: %d records, %v", tick, len(got), err)
		}
		for i, want := range all[from:] {
			if got[i].Tick != want.Tick || got[i].Sum != want.Sum || !bytes.Equal(got[i].Bytes, want.Bytes) {
				t.Fatalf("tick %d is another one", want.Tick)
			}
		}
	}
	if _, err := s.log.After(c.base.Tick - 1); err == nil {
		t.Fatal("records of before the log")
	}
	if err := s.log.Rewind(c.base.Tick - 1); err == nil {
		t.Fatal("gone back to before the log")
	}
}
