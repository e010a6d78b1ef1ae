package scripting

import (
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	guests "github.com/metatopia/metatopia/scripting/guest"
	"github.com/metatopia/metatopia/scripting/internal/asm"
)

var digestFile = flag.String("digest", "", "file with the digest that another CPU found; written when there is none")

// TestSameEverywhere: what handlers do and the gas that they take is the same
// by the engine's compiler and by its interpreter, and on every CPU: test/run.sh
// runs this for two, with one -digest.
func TestSameEverywhere(t *testing.T) {
	whole := digest(t, newEngine(t), false)
	if *digestFile != "" {
		want, err := os.ReadFile(*digestFile)
		if errors.Is(err, fs.ErrNotExist) {
			err = os.WriteFile(*digestFile, []byte(whole), 0o644)
		} else if err == nil && string(want) != whole {
			t.Errorf("%s here, %s there", whole, want)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if testing.Short() {
		return // the interpreter takes seconds
	}
	slow, err := makeEngine(EngineConfig{}, wazero.NewRuntimeConfigInterpreter().
		WithCoreFeatures(api.CoreFeaturesV2&^api.CoreFeatureSIMD).WithDebugInfoEnabled(false))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { slow.Close() })
	if a, b := digest(t, newEngine(t), true), digest(t, slow, true); a != b {
		t.Errorf("%s compiled, %s interpreted", a, b)
	}
}

// digest hashes what events do to some handlers: short leaves out what takes
// an interpreter long.
func digest(t *testing.T, e *Engine, short bool) string {
	h := sha256.New()
	note := func(name string, out Effects, err error) {
		fmt.Fprintf(h, "%s %d %q %q %+v %v\n", name, out.Gas, out.Log, out.Say, out.Set, err)
	}
	for _, name := range []string{"bell", "lamp"} {
		m := admitGuest(t, e, shipped(t, name))
		for _, ev := range []Event{{Name: "touch"}, {Name: "heard", FromName: "Ada", Text: "the bell"}} {
			out, err := e.Handle(m, ev, nil, 7, 500_000)
			note(name, out, err)
		}
	}
	out, err := e.Handle(admitGuest(t, e, floatGuest()), Event{}, nil, 0, 500_000)
	note("floats", out, err)
	luaDigest(t, e, h, note, short)
	return fmt.Sprintf("%x", h.Sum(nil))
}

// floatGuest puts what has no sure bits into slots: NaNs of several kinds,
// their signs, minima.
func floatGuest() []byte {
	var m asm.Module
	setInt := m.Import("mt:slot@1", "set_int", asm.Cat(i32, i32, i64), i32)
	m.Memory(1, 1)
	m.Data(0, "abcdefgh")
	var code []byte
	f := func(v float64) []byte { return asm.F64Bits(math.Float64bits(v)) }
	for k, v := range [][]byte{
		asm.Cat(f(0), f(0), []byte{0xa3}),                           // 0/0
		asm.Cat(f(-1), []byte{0x9f}),                                // sqrt(-1)
		asm.Cat(f(math.Inf(1)), f(math.Inf(1)), []byte{0xa1}),       // inf-inf
		asm.Cat(f(1), f(0), f(0), []byte{0xa3, 0xa6}),               // copysign(1, 0/0)
		asm.Cat(f(math.NaN()), f(1), []byte{0xa4}),                  // min
		asm.Cat(f(0.1), f(0.2), []byte{0xa2}, f(0.3), []byte{0xa0}), // a*b+c
		asm.Cat(f(math.Copysign(0, -1)), f(0), []byte{0xa4}),
		asm.Cat(f(1e300), f(1e300), []byte{0xa2}, f(0), []byte{0xa2}), // inf*0
	} {
		code = asm.Cat(code, c32(int32(k)), c32(1), v, []byte{0xbd}, call(setInt), drop)
	}
	m.Export("handle", asm.Func, m.Func(nil, nil, nil, code))
	return m.Bytes()
}

// luaDigest is the part of the digest that the Lua driver makes. The same
// driver gives the same; another build of it, another.
func luaDigest(t *testing.T, e *Engine, w io.Writer, note func(string, Effects, error), short bool) {
	if _, _, _, err := guests.Open(guests.Lua); errors.Is(err, guests.ErrNotBuilt) {
		t.Log("without Lua, which is not built")
		return
	}
	files, _ := filepath.Glob("testdata/lua/*.lua")
	slices.Sort(files)
	for _, f := range files {
		if short && strings.Contains("errors tables", strings.TrimSuffix(filepath.Base(f), ".lua")) {
			continue
		}
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		img := luaScript(t, e, filepath.Base(f), program("print((function() "+string(text)+"\nend)())"))
		fmt.Fprintf(w, "%d %d\n", img.Gas, img.Size())
		out, err := luaRun(t, e, img, "run", nil, luaGas)
		note(f, out, err)
	}
	img := luaScript(t, e, "floats.lua", program(`
		local x, y, t = 0.1, 0.0, {}
		for i = 1, 100 do
			x = x * 1.0000001 + math.sin(i) / (i + y) - (y ^ 0.5)
			y = math.abs(x) % 7.3 + math.atan(x, i)
			t[#t + 1] = string.format("%.17g %a", x, y)
			t[tostring(t)] = i
		end
		self.x, self.y, self.t = x, y, tostring(0/0) .. tostring(math.huge - math.huge) .. tostring((-1) ^ 0.5)
		for k, v in pairs({[print] = 1, [say] = 2, [{}] = 3, [on_run] = 4, a = 5, b = 6}) do print(k, v) end
		print(table.concat(t, " "):sub(-150), math.random(1 << 50))`))
	out, err := luaRun(t, e, img, "run", nil, luaGas)
	note("floats.lua", out, err)
	out, err = luaRun(t, e, img, "run", nil, 30_000)
	note("floats.lua, out of gas", out, err)
}
