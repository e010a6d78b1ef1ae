package scripting

import (
	"reflect"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

const othersProgram = `
import "mt:world@1" event_tag() i64
import "mt:world@1" event_self(at: i32, room: i32) i32
import "mt:slot@1" get_int_of(thing: text, name: text, otherwise: i64) i64
import "mt:slot@1" get_text_of(thing: text, name: text, at: i32, room: i32) i32
import "mt:slot@1" version_of(thing: text, name: text) i64
import "mt:slot@1" propose_int(thing: text, name: text, op: i32, value: i64) i32
import "mt:slot@1" propose_text(thing: text, name: text, op: i32, value: text) i32
import "mt:slot@1" propose_delete(thing: text, name: text) i32
import "mt:slot@1" cas_int(thing: text, name: text, expected: i64, value: i64) i32
import "mt:slot@1" txn(tag: i64) i32
import "mt:slot@1" txn_read(thing: text, name: text, version: i64) i32
import "mt:slot@1" txn_int(thing: text, name: text, value: i64) i32
import "mt:slot@1" txn_text(thing: text, name: text, value: text) i32
import "mt:slot@1" txn_delete(thing: text, name: text) i32
import "mt:message@1" post(thing: text, tag: i64, data: text) i32
import "mt:time@1" after(ticks: i32, tag: i64) i32
import "mt:slot@1" set_int(name: text, value: i64) i32
memory 1

export fn handle() {
BODY
}
`

// other runs the body of a handler that knows thing 0101…01, which has slots n
// = 7 and t = "text".
func other(t *testing.T, body string) (Effects, error) {
	t.Helper()
	e := newEngine(t)
	src := strings.ReplaceAll(strings.Replace(othersProgram, "BODY", body, 1), "THING", `"`+strings.Repeat("01", 16)+`"`)
	m := admitGuest(t, e, compiled(t, src))
	var id base.ID
	for i := range id {
		id[i] = 1
	}
	return e.Handle(m, Event{Name: "timer", Tag: 41, Self: base.ID{2}, Peek: func(thing base.ID, slot string) (Value, uint64, bool) {
		if thing != id {
			return Value{}, 0, false
		}
		switch slot {
		case "n":
			return Int(7), 77, true
		case "t":
			return Text("text"), 78, true
		}
		return Value{}, 0, true
	}}, nil, 1, 10_000_000)
}

func TestOthers(t *testing.T) {
	out, err := other(t, `
	set_int("tag", event_tag())
	set_int("n", get_int_of(THING, "n", 0 - 1))
	set_int("none", get_int_of(THING, "none", 0 - 1))
	set_int("length", i64(get_text_of(THING, "t", heap(), 8)))
	set_int("first", i64(u8[heap()]))
	set_int("self", i64(event_self(heap(), 8)))
	propose_int(THING, "n", 1, 5)
	propose_text(THING, "list", 5, "a line")
	propose_delete(THING, "gone")
	cas_int(THING, "n", 7, 8)
	txn(9)
	txn_read(THING, "n", version_of(THING, "n"))
	txn_int(THING, "n", 1)
	txn_text(THING, "t", "new")
	txn_delete(THING, "x")
	post(THING, 3, "hello")
	after(20, 4)
`)
	if err != nil {
		t.Fatal(err)
	}
	var id base.ID
	for i := range id {
		id[i] = 1
	}
	out.Gas = 0
	want := Effects{
		Set: []SlotWrite{{"tag", Int(41)}, {"n", Int(7)}, {"none", Int(-1)}, {"length", Int(4)}, {"first", Int('t')}, {"self", Int(32)}},
		Propose: []Proposal{{id, "n", 1, Int(5), Value{}}, {id, "list", 5, Text("a line"), Value{}}, {id, "gone", 8, Value{}, Value{}},
			{id, "n", 7, Int(8), Int(7)}},
		Txns:   []Txn{{9, []TxnRead{{id, "n", 77}}, []TxnWrite{{id, SlotWrite{"n", Int(1)}}, {id, SlotWrite{"t", Text("new")}}, {id, SlotWrite{Name: "x"}}}}},
		Send:   []Send{{id, 3, "hello"}},
		Timers: []Timer{{20, 4}},
	}
	if !reflect.DeepEqual(out, want) {
		t.Errorf("got  %+v\nwant %+v", out, want)
	}
}

// TestOthersCodes: what is refused, and that nothing of it is asked for.
func TestOthersCodes(t *testing.T) {
	for call, want := range map[string]int64{
		`propose_int("no id", "n", 1, 1)`:                    codeInvalid,
		`propose_int(THING, "Name", 1, 1)`:                   codeInvalid,
		`propose_int(THING, "n", 5, 1)`:                      codeInvalid,
		`propose_int(THING, "n", 0, 1)`:                      codeInvalid,
		`propose_text(THING, "n", 1, "x")`:                   codeInvalid,
		`propose_text(THING, "n", 5, "two\nlines")`:          codeInvalid,
		`txn_int(THING, "n", 1)`:                             codeNotFound,
		`txn_read(THING, "n", 1)`:                            codeNotFound,
		`after(0, 1)`:                                        codeInvalid,
		`post("", 1, "x")`:                                   codeInvalid,
		`get_text_of(THING, "n", heap(), 8)`:                 codeInvalid,
		`get_text_of(THING, "none", heap(), 8)`:              codeNotFound,
		`post(THING, 1, "` + strings.Repeat("x", 513) + `")`: codeTooLarge,
	} {
		out, err := other(t, `set_int("code", i64(`+call+`))`)
		if err != nil {
			t.Errorf("%s: %v", call, err)
			continue
		}
		if got := out.Set[0].Value.Int; got != want || len(out.Propose)+len(out.Send)+len(out.Timers)+len(out.Txns) != 0 {
			t.Errorf("%s gives %d, want %d; %+v", call, got, want, out)
		}
	}
	for call, most := range map[string]int{`post(THING, 1, "x")`: maxPosts, `propose_delete(THING, "n")`: maxProposals, `after(1, 1)`: maxTimers, `txn(1)`: maxTxns} {
		out, err := other(t, `let i: i32 = 0 let bad: i64 = 0 while i < 40 { if `+call+` == -7 { bad += 1 } i += 1 } set_int("full", bad)`)
		if err != nil || out.Set[0].Value.Int != int64(40-most) {
			t.Errorf("%s: %+v, %v; want %d", call, out.Set, err, 40-most)
		}
	}
}
