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

func TestNamesDoNotForgeRows(t *testing.T) {
	var out bytes.Buffer
	neighbourRow(&out, control.Neighbour{Kind: "avatar", Name: "Bob\navatar\tAda\t0,0,0", PeerID: "12D3"})
	if lines, cells := bytes.Count(out.Bytes(), []byte("\n")), bytes.Count(out.Bytes(), []byte("\t")); lines != 1 || cells != 6 {
		t.Errorf("%d rows, %d cells: %q", lines, cells+1, out.String())
	}
	out.Reset()
	printStatus(&out, &control.StatusResponse{Avatar: &control.Entity{Name: "Bob\npage\thttp://evil.example/"}})
	if bytes.Contains(out.Bytes(), []byte("\npage")) {
		t.Errorf("a name forged a row: %q", out.String())
	}
}
