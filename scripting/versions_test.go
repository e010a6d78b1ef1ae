package scripting

import (
	"slices"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/scripting/admit"
	"github.com/metatopia/metatopia/scripting/iface"
	"github.com/metatopia/metatopia/scripting/internal/asm"
	"github.com/metatopia/metatopia/scripting/pkg"
)

// testInterface is offered to the tests alone: two versions, of which the first
// is deprecated and answers otherwise than the second.
const testInterface = "mt:test"

func init() {
	descriptions := map[string]*iface.Interface{}
	for _, text := range []string{
		"mt:test@1\nabout for tests\nfor process\ndeprecated it cannot count\ninstead mt:test@2\nanswer() -> i32\n  one\n",
		"mt:test@2\nabout for tests\nfor process\nanswer() -> i64\n  two\nmore() -> i32 since 2\n  what revision 2 brought\n",
	} {
		i, err := iface.Parse(text)
		if err != nil {
			panic(err)
		}
		descriptions[i.ID()] = i
	}
	funcs := []hostFunc{
		fn("mt:test@1", "answer", ":i", forProcess, func(_ *guest, s []uint64) { ret(s, 41) }),
		fn("mt:test@2", "answer", ":I", forProcess, func(_ *guest, s []uint64) { s[0] = 42 }),
		fn("mt:test@2", "more", ":i", forProcess, func(_ *guest, s []uint64) { ret(s, 43) }),
	}
	all := slices.Concat(hostFuncs(), funcs)
	hostFuncs = func() []hostFunc { return all }
	for _, f := range funcs {
		hostFuncIndex[admit.Import{Module: f.module, Name: f.name}] = f
	}
	known := described
	described = func(id string) *iface.Interface {
		if i := descriptions[id]; i != nil {
			return i
		}
		return known(id)
	}
}

// versionGuest exits with the answer of a version; 2 answers with an i64.
func versionGuest(version string) []byte {
	var m asm.Module
	exit := m.Import("mt:process@1", "exit", i32, nil)
	result, wrap := i32, []byte(nil)
	if version == "2" {
		result, wrap = i64, []byte{0xa7} // i32.wrap_i64
	}
	answer := m.Import("mt:test@"+version, "answer", nil, result)
	m.Memory(1, 1)
	m.Export("run", asm.Func, m.Func(nil, nil, nil, call(answer), wrap, call(exit)))
	return m.Bytes()
}

// TestVersionsSideBySide: guests of two versions of an interface run in one
// node, and each gets what it was built for; who uses the old one is told.
func TestVersionsSideBySide(t *testing.T) {
	e := newEngine(t)
	ps := newProcesses(t, ProcessesConfig{Engine: e})
	for version, want := range map[string]struct{ exit, note string }{
		"1": {"exit 41", "mt:test@1 is deprecated (it cannot count): use mt:test@2"},
		"2": {"exit 42", ""},
	} {
		m := admitGuest(t, e, versionGuest(version))
		if got := strings.Join(m.Deprecated(), "|"); got != want.note {
			t.Errorf("%s: %q", version, got)
		}
		i, err := ps.Spawn(SpawnSpec{Module: m})
		if err == nil {
			i, err = ps.Wait(t.Context(), i.PID)
		}
		if err != nil || i.Exit != want.exit {
			t.Errorf("%s: %q %v", version, i.Exit, err)
		}
		var lines []string
		if err := ps.Tail(t.Context(), i.PID, "", false, func(l LogLine) error {
			lines = append(lines, l.Level+" "+l.Text)
			return nil
		}); err != nil {
			t.Error(err)
		}
		if noted := slices.Contains(lines, "warn "+want.note); noted != (want.note != "") {
			t.Errorf("%s: lines %q", version, lines)
		}
	}
}

// TestVersionsAreNotMixed: a function of one version with the types of the
// other, or one that a version does not have, is refused.
func TestVersionsAreNotMixed(t *testing.T) {
	e := newEngine(t)
	for what, im := range map[string]struct {
		module, name string
		result       []byte
	}{
		"types of the other":    {"mt:test@1", "answer", i64},
		"a function of another": {"mt:test@1", "more", i32},
		"no such version":       {"mt:test@3", "answer", i32},
		"no version":            {"mt:test", "answer", i32},
	} {
		var m asm.Module
		f := m.Import(im.module, im.name, nil, im.result)
		m.Memory(1, 1)
		m.Export("run", asm.Func, m.Func(nil, nil, nil, call(f), drop))
		if _, err := e.Admit(m.Bytes()); err == nil {
			t.Errorf("%s: admitted", what)
		}
	}
}

// TestVersionRanges: a package that needs an interface in a range of versions
// is let in when one of them is offered, also a deprecated one, and one that
// names no version that is offered is not.
func TestVersionRanges(t *testing.T) {
	for versions, lacks := range map[string]string{"1": "", "2": "", "1-2": "", "2-9": "", "3": "mt:test@3", "3-4": "mt:test@3-4"} {
		plan, err := pkg.ParsePlan([]byte(`{"name":"x","version":"1.0.0","description":"x","license":"MIT","build":{"tool":"wat"},
			"modules":{"process":"x.wat"},"interfaces":{"` + testInterface + `":"` + versions + `"}}`))
		if err != nil {
			t.Fatal(err)
		}
		m, err := plan.Manifest()
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(m.Lacks(Offered()), " "); got != lacks {
			t.Errorf("%s: lacks %q, want %q", versions, got, lacks)
		}
	}
}
