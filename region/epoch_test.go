package region

import (
	"testing"

	"github.com/metatopia/metatopia/region/succession"
)

// TestRequestsEndWithTheEpoch: a request that waits when the log begins anew is not
// made again, perhaps hours after the servers of before had it done; and what is
// asked from then on has other ids than in the part of the log that is lost, even
// where the batches are the same.
func TestRequestsEndWithTheEpoch(t *testing.T) {
	cfg := testConfig("hearth", 0)
	lost := society(t, brains{"a": asker(get(1))}, cfg, "a")
	step(t, lost, aStore)
	wake(t, lost, "a")
	if out := step(t, lost); len(out.Asked) != 1 {
		t.Fatalf("%d requests", len(out.Asked))
	}
	s, err := Restore(lost.cfg, lost.Snapshot(nil))
	if err != nil {
		t.Fatal(err)
	}
	owner := newPerson("hearth owner")
	x := succession.Entry{Kind: succession.Renew, By: owner.key, Counter: 1, Head: s.Law().Head(), Epoch: 2, Servers: s.Law().Servers()}
	g := s.Law().Genesis().In(x.Epoch)
	g.Sign(&x, owner.sign)
	if _, err := s.BeginEpoch(x.Bytes()); err != nil {
		t.Fatal(err)
	}
	if s, err = Restore(s.cfg, s.Snapshot(nil)); err != nil {
		t.Fatal(err)
	}
	if n := len(s.Requests()); n != 0 {
		t.Fatalf("%d requests of before wait", n)
	}
	step(t, s)
	if v := valueOf(t, s, "a", "notes").Text; v != "answer 1 timeout;" {
		t.Errorf("it heard %q", v)
	}
	step(t, lost)
	wake(t, s, "a")
	wake(t, lost, "a")
	was, is := step(t, lost), step(t, s)
	if len(was.Asked) != 1 || len(is.Asked) != 1 || was.Asked[0].ID == is.Asked[0].ID {
		t.Fatalf("asked %v, and in the new epoch %v", was.Asked, is.Asked)
	}
}
