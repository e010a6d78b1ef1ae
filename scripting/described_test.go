package scripting

import (
	"slices"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/scripting/admit"
	"github.com/metatopia/metatopia/scripting/iface"
)

// TestDescriptions holds the host's functions against the descriptions of the
// interfaces, in both directions: names, types and kinds of guest.
func TestDescriptions(t *testing.T) {
	told := map[admit.Import]bool{}
	for _, i := range iface.All() {
		for _, f := range i.Funcs {
			im := admit.Import{Module: i.ID(), Name: f.Name}
			told[im] = true
			host, ok := hostFuncIndex[im]
			if !ok {
				t.Errorf("%s.%s is described and not offered", im.Module, im.Name)
				continue
			}
			if got := lettersOf(host.sig); got != f.Wasm() {
				t.Errorf("%s.%s: the host has %s, the description %s", im.Module, im.Name, got, f.Wasm())
			}
			if got, want := kindsOf(host.to), slices.Sorted(slices.Values(f.For)); !slices.Equal(got, want) {
				t.Errorf("%s.%s: the host offers it to %v, the description to %v", im.Module, im.Name, got, want)
			}
		}
	}
	for im := range hostFuncIndex {
		if im.Module != wasiModule && im.Module != admit.MeterModule && !told[im] && !strings.HasPrefix(im.Module, testInterface+"@") {
			t.Errorf("%s.%s is offered and not described", im.Module, im.Name)
		}
	}
}

// TestCodes: the numbers in the code are those in the descriptions.
func TestCodes(t *testing.T) {
	ours := []int{
		codeInvalid, codeTooLarge, codeNotFound, codeTimeout, codeUnavailable, codeRefused, codeFull, codeDenied, codeRevoked, codeTaken,
	}
	var theirs []int
	for _, c := range iface.Codes() {
		theirs = append(theirs, c.Number)
	}
	if !slices.Equal(ours, theirs) {
		t.Errorf("codes %v, described %v", ours, theirs)
	}
}

func lettersOf(s admit.Signature) string {
	letters := map[admit.ValType]string{admit.I32: "i", admit.I64: "I", admit.F64: "F"}
	var b strings.Builder
	for _, p := range s.Params {
		b.WriteString(letters[p])
	}
	b.WriteString(":")
	for _, r := range s.Results {
		b.WriteString(letters[r])
	}
	return b.String()
}

func kindsOf(u use) []string {
	var ks []string
	for _, k := range []struct {
		bit  use
		name string
	}{{forHandler, iface.Handler}, {forImage, iface.Image}, {forLoader, iface.Loader}, {forProcess, iface.Process}} {
		if u&k.bit != 0 {
			ks = append(ks, k.name)
		}
	}
	return ks
}
