package scripting

import (
	"strings"
	"testing"
)

const storeProgram = `
import "mt:store@1" ask(tag: i64) i32
import "mt:store@1" check_text(key: text, value: text) i32
import "mt:store@1" put_text(key: text, value: text) i32
import "mt:store@1" put_bytes(key: text, value: text) i32
import "mt:store@1" put_int(key: text, value: i64) i32
import "mt:slot@1" set_int(name: text, value: i64) i32
memory 1

export fn handle() {
BODY
}
`

// TestRefusedSteps: of a request nothing is asked when one of its steps was
// refused, whether or not the script looks: a check that is missing would let the
// others through. What comes after one request too many is no part of the last.
func TestRefusedSteps(t *testing.T) {
	for name, x := range map[string]struct {
		body  string
		steps []int // of each request
		code  int64
	}{
		"all well":         {`ask(1) check_text("k", "v") set_int("code", i64(put_int("k", 2)))`, []int{2}, 0},
		"a check too long": {`ask(1) check_text("k", LONG) set_int("code", i64(put_int("k", 2)))`, []int{0}, codeNotFound},
		"a check of no key": {`ask(1) put_int("k", 2) set_int("code", i64(check_text("", "v"))) put_int("l", 2)
			ask(2) put_int("k", 3)`, []int{0, 1}, codeInvalid},
		"one step too many": {`ask(1) let i: i32 = 0 while i < 8 { put_int("k", 1) i += 1 } set_int("code", i64(put_int("k", 1)))`, []int{0}, codeFull},
		"one too many":      {`ask(1) put_int("a", 1) ask(2) put_int("a", 2) ask(3) put_int("a", 3) ask(4) put_int("a", 4) ask(5) set_int("code", i64(put_int("a", 5)))`, []int{1, 1, 1, 1}, codeNotFound},
		"no request":        {`set_int("code", i64(put_int("a", 5)))`, nil, codeNotFound},
	} {
		e := newEngine(t)
		src := strings.Replace(strings.Replace(storeProgram, "BODY", x.body, 1), "LONG", `"`+strings.Repeat("x", maxSlotValue+1)+`"`, 1)
		out, err := e.Handle(admitGuest(t, e, compiled(t, src)), Event{Name: "timer"}, nil, 1, 10_000_000)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(out.Asks) != len(x.steps) || out.Set[0].Value.Int != x.code {
			t.Errorf("%s: %d requests and code %d, want %d and %d", name, len(out.Asks), out.Set[0].Value.Int, len(x.steps), x.code)
			continue
		}
		for i, n := range x.steps {
			if len(out.Asks[i].Steps) != n {
				t.Errorf("%s: request %d has %d steps, want %d", name, i, len(out.Asks[i].Steps), n)
			}
		}
	}
}
