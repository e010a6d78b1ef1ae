package region

import (
	"fmt"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

// asker asks on "wake" and notes what it is answered.
func asker(asks ...Ask) brain {
	return func(ev ScriptEvent, slots func(string) (SlotValue, bool)) (ScriptResult, error) {
		switch ev.Name {
		case "wake":
			return ScriptResult{Asks: asks}, nil
		case EventAnswer:
			w := notes(ev, slots)
			w.Value.Text = strings.TrimSuffix(w.Value.Text, ";") + ev.Answer.Code.String()
			for _, x := range ev.Answer.Items {
				w.Value.Text += fmt.Sprintf(" %s=%v", x.Key, x.Value.Int)
			}
			w.Value.Text += ";"
			return ScriptResult{Set: []SlotWrite{w}}, nil
		}
		return ScriptResult{}, nil
	}
}

func get(tag int64) Ask { return Ask{Tag: tag, Steps: []StoreStep{{Op: StoreGet, Key: "n"}}} }

func answerEntry(id RequestID, code StoreCode, items ...StoreItem) Entry {
	return control(ControlEntry{Kind: ControlAnswer, Answer: &Answer{ID: id, Code: code, Items: items}})
}

var aStore = control(ControlEntry{Kind: ControlStore, Store: base.ID{7}})

// A request is a part of the state, its answer an entry of the log: a replica
// that begins from a snapshot between the two, or replays the log without any
// store, comes to the same state, and a second answer changes nothing.
func TestAskAndAnswer(t *testing.T) {
	b := brains{"a": asker(get(1), get(2)), "b": asker(get(3))}
	s := society(t, b, testConfig("hearth", 0), "a", "b")
	other, err := Restore(s.cfg, s.Snapshot(nil))
	if err != nil {
		t.Fatal(err)
	}
	var copies []*Sim
	both := func(list ...Entry) Output {
		t.Helper()
		out := step(t, s, list...)
		for _, c := range append([]*Sim{other}, copies...) {
			if o := step(t, c, list...); o.Hash != out.Hash {
				t.Fatalf("tick %d: replicas differ", out.Tick)
			}
		}
		return out
	}
	both(aStore)
	for _, x := range []*Sim{s, other} {
		wake(t, x, "a", "b")
	}
	out := both()
	if len(out.Asked) != 3 || !out.Sync || len(s.Requests()) != 3 {
		t.Fatalf("asked %+v", out.Asked)
	}
	if out.Asked[0].ID == out.Asked[1].ID || out.Asked[0].Owner != newPerson("maker").key || out.Asked[0].At != out.Tick {
		t.Fatalf("asked %+v", out.Asked)
	}
	c, err := Restore(s.cfg, s.Snapshot(nil))
	if err != nil {
		t.Fatal(err)
	}
	copies = append(copies, c)
	byTag := map[int64]RequestID{}
	for _, r := range out.Asked {
		byTag[r.Tag] = r.ID
	}
	out = both(answerEntry(byTag[1], StoreOK, StoreItem{"n", IntSlot(5)}), answerEntry(byTag[1], StoreOK, StoreItem{"n", IntSlot(6)}), answerEntry(byTag[3], StoreConflict))
	if len(out.Failed) != 1 || len(out.Answered) != 2 {
		t.Fatalf("%d answers refused, %d taken", len(out.Failed), len(out.Answered))
	}
	if c, err = Restore(s.cfg, s.Snapshot(nil)); err != nil {
		t.Fatal(err)
	}
	copies = append(copies, c)
	both()
	if v := valueOf(t, s, "a", "notes").Text; v != "answer 1  n=5;" {
		t.Errorf("a heard %q", v)
	}
	if v := valueOf(t, s, "b", "notes").Text; v != "answer 3 conflict;" {
		t.Errorf("b heard %q", v)
	}
	for range AskTicks {
		out = both()
	}
	both()
	if v := valueOf(t, s, "a", "notes").Text; v != "answer 1  n=5;answer 2 timeout;" || len(s.Requests()) != 0 {
		t.Errorf("a heard %q, %d wait", v, len(s.Requests()))
	}
	if out = both(answerEntry(byTag[2], StoreOK)); len(out.Failed) != 1 {
		t.Error("an answer after the end was taken")
	}
}

// A script that wants to flood the store, or its own inbox, is bounded, and what
// others get is not harmed.
func TestAsksAreBounded(t *testing.T) {
	greedy := func(ev ScriptEvent, _ func(string) (SlotValue, bool)) (ScriptResult, error) {
		return ScriptResult{Asks: []Ask{get(1), get(2), get(3), get(4)}}, nil
	}
	names := []string{"honest", "Other"}
	for i := range 20 {
		names = append(names, fmt.Sprintf("greedy%d", i))
	}
	b := brains{"greedy": greedy, "honest": asker(get(9)), "other": asker(get(8))}
	s := society(t, b, testConfig("hearth", 0), names...)
	step(t, s, aStore)
	wake(t, s, names[2:]...)
	for range 30 {
		step(t, s)
		owners := map[base.Key]int{}
		things := map[base.ID]int{}
		for _, r := range s.Requests() {
			owners[r.Owner]++
			things[r.Thing]++
			if owners[r.Owner] > MaxOwnerAsks || things[r.Thing] > MaxThingAsks {
				t.Fatalf("%d requests of an owner, %d of a thing", owners[r.Owner], things[r.Thing])
			}
		}
		if n := len(s.pending); n > 20*4*MaxFromOne {
			t.Fatalf("%d events wait", n)
		}
	}
	wake(t, s, "honest", "Other") // of the same owner, and of another
	step(t, s)
	step(t, s)
	if v := valueOf(t, s, "honest", "notes").Text; v != "answer 9 busy;" {
		t.Errorf("the owner's other thing heard %q", v)
	}
	if n := len(s.Requests()); n != MaxOwnerAsks+1 {
		t.Errorf("%d requests wait, want those of the greedy owner and one", n)
	}
	survives(t, s)
}

// An answer reaches a thing whose inbox others fill.
func TestAnswersAreNotDropped(t *testing.T) {
	var target base.ID
	flood := func(ev ScriptEvent, _ func(string) (SlotValue, bool)) (ScriptResult, error) {
		r := ScriptResult{Timers: nil}
		for range MaxScriptSends {
			r.Send = append(r.Send, Send{To: target})
		}
		return r, nil
	}
	names := []string{"a"}
	for i := range 8 {
		names = append(names, fmt.Sprintf("flood%d", i))
	}
	s := society(t, brains{"a": asker(get(1), get(2), get(3), get(4)), "flood": flood}, testConfig("hearth", 0), names...)
	target = named(t, s, "a").Thing.ID
	step(t, s, aStore)
	wake(t, s, "a")
	out := step(t, s)
	wake(t, s, names[1:]...)
	step(t, s)
	var list []Entry
	for _, r := range out.Asked {
		list = append(list, answerEntry(r.ID, StoreOK))
	}
	if out = step(t, s, list...); out.Counts.EventsDropped == 0 {
		t.Fatal("the inbox is not full: nothing is tried")
	}
	for range 5 {
		step(t, s)
	}
	if n := strings.Count(valueOf(t, s, "a", "notes").Text, "answer"); n != 4 {
		t.Errorf("%d of 4 answers came", n)
	}
}

func TestAskWithoutStore(t *testing.T) {
	s := society(t, brains{"a": asker(get(1)), "nobody": asker(get(2)), "bad": asker(Ask{Steps: []StoreStep{{Op: StoreGet, Key: "a\nb"}}})}, testConfig("hearth", 0), "a", "bad")
	c := scripted("orphan", "nobody", 9)
	step(t, s, control(c))
	wake(t, s, "a", "bad")
	step(t, s)
	step(t, s)
	if v := valueOf(t, s, "a", "notes").Text; v != "answer 1 none;" {
		t.Errorf("a heard %q", v)
	}
	if e := named(t, s, "bad").Thing.LastError; !strings.Contains(e, "key of the store") {
		t.Errorf("a bad key: %q", e)
	}
	step(t, s, aStore)
	wake(t, s, "orphan")
	step(t, s)
	step(t, s)
	if v := valueOf(t, s, "orphan", "notes").Text; v != "answer 2 denied;" {
		t.Errorf("a thing of nobody heard %q", v)
	}
	// Another store: what waits is not for it.
	wake(t, s, "a")
	step(t, s)
	out := step(t, s, control(ControlEntry{Kind: ControlStore, Store: base.ID{8}}))
	if len(out.Answered) != 1 || s.Store() != (base.ID{8}) || !strings.HasSuffix(valueOf(t, s, "a", "notes").Text, "timeout;") {
		t.Errorf("another store: %+v, %q", out.Answered, valueOf(t, s, "a", "notes").Text)
	}
}

// FuzzReadAnswer: what servers say of the store has one form.
func FuzzReadAnswer(f *testing.F) {
	for _, a := range []Answer{{Code: StoreBusy}, {ID: RequestID{3}, Items: []StoreItem{{"a", IntSlot(1)}, {"b", SlotValue{}}, {"c", BytesSlot([]byte{1, 0})}}}} {
		var e base.Encoder
		a.AppendTo(&e)
		f.Add(e.B)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		d := base.NewDecoder(b)
		a := ReadAnswer(d)
		if d.Done() == nil {
			same1(t, b, a.AppendTo)
		}
	})
}
