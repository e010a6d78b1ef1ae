package witness

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/agree"
)

// TestOneBit: a bit of one replica's state changes. Within eight ticks and a trip
// it has halted, and the others have not; it finds the part, and that its memory
// is to blame; it begins again and agrees.
func TestOneBit(t *testing.T) {
	for at := base.Tick(1); at <= 8; at++ {
		c := newCluster(t, 3)
		c.tick(things("apple", "brick", "candle", "drum")...)
		for range 15 + at {
			c.tick()
		}
		bad := c.all[1]
		flipped := bad.sim.Tick()
		bad.flip("candle")
		for range 8 + 1 { // votes of a tick arrive in the next
			c.tick()
		}
		if !errors.Is(bad.watch.Err(), ErrDiverged) || len(bad.stops) != 1 {
			t.Fatalf("flipped after tick %d, now %d: %v", flipped, len(c.log), bad.watch.Err())
		}
		c.tick()
		for _, r := range c.all {
			if r != bad && r.watch.Err() != nil {
				t.Fatal(r.watch.Err())
			}
		}
		rep, err := bad.watch.Investigate(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if rep.Verdict != Memory || rep.FirstTick != flipped+1 || rep.Part == "" || rep.Why != "" || rep.Server != bad.key.String() {
			t.Fatalf("%+v", rep)
		}
		// The part named is the thing.
		if b, ok := bad.sim.PartBytes(rep.Part); !ok || !strings.HasPrefix(rep.Part, "thing ") || !bytes.Contains(b, []byte("Candle")) || len(rep.Parts) != 1 {
			t.Fatalf("%s has no candle in it: %+v", rep.Part, rep.Parts)
		}
		checkReport(t, rep, c)

		// It begins again from the newest state that is certified.
		cert, ok := c.all[0].watch.Last()
		if !ok {
			t.Fatal("no certificate")
		}
		for c.all[0].sim.Tick()%agree.Every != 0 {
			c.tick()
		}
		from, tick := c.all[0].sim.Snapshot(nil), c.all[0].sim.Tick()
		bad.again(from, tick)
		for range 3 * agree.Every {
			c.tick()
		}
		last, ok := bad.watch.Last()
		if !ok || last.Tick <= cert.Tick || bad.watch.Err() != nil || bad.sim.Hash() != c.all[0].sim.Hash() {
			t.Fatal("it does not agree again")
		}
		voted := false
		for _, s := range last.Signed {
			voted = voted || s.Server == bad.key
		}
		if !voted && len(last.Signed) < 2 {
			t.Fatal("no certificate after it came back")
		}
	}
}

// checkReport reads the file as an owner does.
func checkReport(t *testing.T, rep *Report, c *cluster) {
	t.Helper()
	b, err := os.ReadFile(rep.File)
	if err != nil {
		t.Fatal(err)
	}
	var got Report
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	raw, err := hex.DecodeString(got.Certificate)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := agree.ParseCertificate(raw)
	if err != nil || got.Part != rep.Part || filepath.Base(rep.File) != "divergence-"+uitoa(got.Tick)+".json" {
		t.Fatal("the file says something else", err)
	}
	if err := cert.Check(c.all[0].watch.members.Voters, verify); err != nil {
		t.Fatal(err)
	}
	for _, ext := range []string{".before", ".log", ".after"} {
		if i, err := os.Stat(strings.TrimSuffix(rep.File, ".json") + ext); err != nil || i.Size() == 0 {
			t.Fatal("no evidence", ext, err)
		}
	}
}

func uitoa(t base.Tick) string { b, _ := json.Marshal(uint64(t)); return string(b) }

// TestNobodyIsRight: three replicas in three states all halt, write down how they
// differ, go back each by itself to the last tick with a certificate, make the same
// ticks again, and agree.
func TestNobodyIsRight(t *testing.T) {
	for _, persists := range []bool{false, true} {
		c := newCluster(t, 3)
		c.tick(things("apple", "brick")...)
		for range 17 {
			c.tick()
		}
		spoil := func() {
			c.all[0].flip("apple")
			c.all[1].flip("brick")
		}
		spoil()
		c.tick(things("candle")...) // agreed on, and in no certificate
		for range 8 {
			c.tick()
		}
		for _, r := range c.all {
			if !errors.Is(r.watch.Err(), ErrSplit) {
				t.Fatal(r.watch.Err())
			}
			rep, err := r.watch.Investigate(t.Context())
			if err != nil || len(rep.Servers) != 2 || rep.Back != 16 || rep.FirstTick != 19 {
				t.Fatalf("%+v %v", rep, err)
			}
			for _, o := range rep.Servers {
				if !strings.HasPrefix(o.Part, "thing ") || o.First != 19 || o.Vote == "" || o.Why != "" {
					t.Fatalf("%+v", o)
				}
			}
		}
		for _, r := range c.all {
			s, certified, err := r.watch.Back()
			if err != nil || !certified || s.Tick != 16 {
				t.Fatal(s.Tick, certified, err)
			}
			r.again(s.Bytes(), s.Tick)
		}
		if persists {
			spoil()
		}
		for range 3 * agree.Every {
			c.tick()
		}
		for _, r := range c.all {
			last, _ := r.watch.Last()
			switch {
			case persists && (!errors.Is(r.watch.Err(), ErrSplit) || last.Tick != 16):
				t.Fatal("states that differ again were agreed on", r.watch.Err(), last.Tick)
			case !persists && (r.watch.Err() != nil || last.Tick < 40):
				t.Fatal(r.watch.Err(), last.Tick)
			case !persists && !bytes.Contains(r.sim.Snapshot(nil), []byte("candle")):
				t.Fatal("what was agreed on is lost")
			}
		}
	}
}

func TestMessagesOfStrangers(t *testing.T) {
	c := newCluster(t, 3)
	for range 20 {
		c.tick()
	}
	r := c.all[0]
	_, stranger := keyOf(50)
	v := message{Vote: &agree.SignedVote{}}
	if err := r.watch.Take(stranger, v.bytes()); err == nil {
		t.Fatal("a stranger's message is taken")
	}
	q := question{Kind: kindParts, Tick: 16}
	if _, err := r.watch.Answer(stranger, q.bytes()); err == nil {
		t.Fatal("a stranger is answered")
	}
	b, err := r.watch.Answer(c.all[1].key, q.bytes())
	if err != nil || len(b) > MaxAnswer {
		t.Fatal(err, len(b))
	}
	if a, err := parseAnswer(b); err != nil || !a.Known || len(a.Buckets) == 0 {
		t.Fatal(err)
	}
	n := 0
	for ; n < 2*maxQuestions; n++ {
		if _, err := r.watch.Answer(c.all[1].key, q.bytes()); err != nil {
			break
		}
	}
	if n >= maxQuestions {
		t.Fatal("questions without end are answered")
	}
}
