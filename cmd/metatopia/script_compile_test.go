package main

import (
	"testing"

	"github.com/metatopia/metatopia/node/control"
)

func TestCompilerSaid(t *testing.T) {
	if m, err := compilerSaid("a.mote", "ok bafy 63"); err != nil || m != (compiledModule{"bafy", 63}) {
		t.Errorf("%+v, %v", m, err)
	}
	for line, want := range map[string]string{
		`error 2:11: "y" is not declared`:          "a.mote:2:11: \"y\" is not declared",
		"error the module was not stored: refused": "a.mote: the module was not stored: refused",
		"":    `a.mote: the compiler ended without an answer: ""`,
		"ok ": `a.mote: the compiler ended without an answer: "ok "`,
	} {
		_, err := compilerSaid("a.mote", line)
		if err == nil || err.Error() != want {
			t.Errorf("%q: %v", line, err)
		}
		if place := want[len("a.mote:")] == '2'; (control.CodeOf(err) == control.Invalid) != place {
			t.Errorf("%q: %v", line, control.CodeOf(err))
		}
	}
}
