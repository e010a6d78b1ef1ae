package main

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/metatopia/metatopia/node/control"
)

// Names of others reach a terminal in --json too.
func TestJSONHoldsNoControls(t *testing.T) {
	for _, name := range []string{
		"\u009b2J\u009d0;title\u009c", "\u202egnp.exe", "\x7f", "\U000e0041tag", "\x1b[2J", "Zoë 東京 👋", `"\u0041"`,
	} {
		var out bytes.Buffer
		e := &environment{terminals: terminals{Out: &out}, JSON: true}
		if err := e.show(control.Region{Name: name}, nil); err != nil {
			t.Fatal(err)
		}
		if got := clean(out.String()); got != out.String() {
			t.Errorf("%q: %q would reach the terminal", name, out.String())
		}
		var back control.Region
		if err := json.Unmarshal(out.Bytes(), &back); err != nil || back.Name != name {
			t.Errorf("%q came back as %q, %v", name, back.Name, err)
		}
	}
}
