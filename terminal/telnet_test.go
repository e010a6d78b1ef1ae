package terminal

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// joined is events with neighbouring data put together: how a stream is cut
// must not matter otherwise.
func joined(evs []event) string {
	var out strings.Builder
	var data []byte
	flush := func() {
		if len(data) > 0 {
			fmt.Fprintf(&out, "data %q\n", data)
			data = nil
		}
	}
	for _, e := range evs {
		if e.cmd == 0 {
			data = append(data, e.data...)
			continue
		}
		flush()
		fmt.Fprintf(&out, "%d %d %q\n", e.cmd, e.opt, e.sub)
	}
	flush()
	return out.String()
}

func TestParser(t *testing.T) {
	for _, tt := range []struct{ name, in, want string }{
		{"text", "hello", `data "hello"`},
		{"line ends", "a\r\nb\r\x00c\nd\r", `data "a\rb\rc\nd\r"`},
		{"CR CR LF", "\r\r\n", `data "\r\r"`},
		{"escaped 255", "a\xff\xffb", `data "a\xffb"`},
		{"option", "a\xff\xfd\x01b", "data \"a\"\n253 1 \"\"\ndata \"b\""},
		{"option is 255", "\xff\xfb\xff", `251 255 ""`},
		{"size", "\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0", `250 31 "\x00P\x00\x18"`},
		{"size with 255", "\xff\xfa\x1f\x00\xff\xff\x00\x18\xff\xf0", `250 31 "\x00\xff\x00\x18"`},
		{"empty subnegotiation", "\xff\xfa\xff\xf0x", `data "x"`},
		{"broken subnegotiation", "\xff\xfa\x1fab\xff\xf1x", `data "x"`},
		{"too long a subnegotiation", "\xff\xfa\x18" + strings.Repeat("y", maxSub) + "\xff\xf0x", `data "x"`},
		{"other commands", "\xff\xf1\xff\xf6\xff\xf9x", `data "x"`},
		{"cut", "\xff\xfa\x18\x00xter", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := strings.TrimSuffix(joined(new(parser).feed([]byte(tt.in), nil)), "\n"); got != tt.want {
				t.Errorf("got %s\nwant %s", got, tt.want)
			}
		})
	}
}

func FuzzParser(f *testing.F) {
	for _, s := range []string{"hi\r\n", "\xff\xfd\x01", "\xff\xfa\x1f\x00\x50\x00\x18\xff\xf0", "\xff\xfa\x18\x00xterm\xff\xf0", "\xff", "\xff\xfa\xff\xff\xff"} {
		f.Add([]byte(s), uint64(1))
	}
	f.Fuzz(func(t *testing.T, b []byte, seed uint64) {
		whole := joined(new(parser).feed(b, nil))
		var p parser
		var evs []event
		rng := rand.New(rand.NewPCG(seed, 2))
		for rest := b; len(rest) > 0; {
			n := 1 + rng.IntN(len(rest))
			evs = p.feed(rest[:n], evs)
			rest = rest[n:]
		}
		if cut := joined(evs); cut != whole {
			t.Fatalf("in pieces %q\nat once %q", cut, whole)
		}
		if cap(p.sub) > 2*maxSub {
			t.Fatalf("the parser keeps %d bytes", cap(p.sub))
		}
		// Answers are bounded: a client cannot make us talk without end.
		n, total := negotiation{}, 0
		for range 4 {
			for _, e := range evs {
				if e.cmd != 0 {
					total += len(n.handle(e))
				}
			}
		}
		if total > 4*256*6 {
			t.Fatalf("%d bytes of answers", total)
		}
	})
}

func TestNegotiation(t *testing.T) {
	var n negotiation
	say := func(s string) string {
		var out []byte
		for _, e := range new(parser).feed([]byte(s), nil) {
			out = append(out, n.handle(e)...)
		}
		return string(out)
	}
	if got := say("\xff\xfd\x01\xff\xfd\x03\xff\xfb\x03\xff\xfb\x1f\xff\xfd\x00\xff\xfb\x00"); got != "" {
		t.Errorf("agreement answered with %q", got)
	}
	if !n.echo || !n.spoken {
		t.Error("the agreement was not understood")
	}
	if got := say("\xff\xfb\x18"); got != "\xff\xfa\x18\x01\xff\xf0" {
		t.Errorf("WILL TTYPE answered with %q", got)
	}
	say("\xff\xfa\x18\x00XTERM-256COLOR\xff\xf0\xff\xfa\x1f\x00\x64\x00\x1e\xff\xf0")
	if n.term != "XTERM-256COLOR" || n.width != 100 || n.height != 30 {
		t.Errorf("%q %dx%d", n.term, n.width, n.height)
	}
	if got := say("\xff\xfd\x2a\xff\xfb\x2b"); got != "\xff\xfc\x2a\xff\xfe\x2b" {
		t.Errorf("unknown options answered with %q", got)
	}
	if got := say("\xff\xfd\x2a\xff\xfb\x2b"); got != "" {
		t.Errorf("a repeated question answered with %q", got)
	}
	say("\xff\xfa\x1f\x00\x00\x00\x00\xff\xf0")
	if n.width != defaultWidth || n.height != defaultHeight {
		t.Errorf("unknown size gave %dx%d", n.width, n.height)
	}
	say("\xff\xfa\x1f\xfe\xfe\x00\x01\xff\xf0")
	if n.width != maxWidth || n.height != minHeight {
		t.Errorf("odd size gave %dx%d", n.width, n.height)
	}
	say("\xff\xfe\x01")
	if n.echo {
		t.Error("DONT ECHO was not understood")
	}
}

func TestKeys(t *testing.T) {
	for in, want := range map[string][]key{
		"aé漢":                                    {'a', 'é', '漢'},
		"\r":                                     {keyEnter},
		"\x1b[A\x1bOB":                           {keyUp, keyDown},
		"\x1b[5~\x1b[3~":                         {keyPageUp, keyDelete},
		"\x1b[1;5C":                              nil, // a modified arrow: no key of ours
		"\x1b\x1b[A":                             {keyUp},
		"\x7f\x08\x15\x17":                       {keyBack, keyBack, keyEraseLine, keyEraseWord},
		"\x00\x02\x1b[200~x":                     {'x'},
		"\xffa\xc3(":                             {'a', '('},
		"\u202e\u200bz":                          {'z'}, // formatting characters cannot be typed
		"\x1b[" + strings.Repeat("1", 40) + "mz": slices.Concat(digits(40+3-maxHeld), []key{'m', 'z'}),
	} {
		got := new(keyReader).feed([]byte(in), nil)
		if strings.HasPrefix(in, "\x1b[111") {
			if len(got) == 0 || got[len(got)-1] != 'z' {
				t.Errorf("%q: %v", in, got)
			}
			continue
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: %v, want %v", in, got, want)
		}
	}
	if got := new(keyReader).feed([]byte{3}, nil); !slices.Equal(got, []key{keyQuit}) {
		t.Errorf("Ctrl-C: %v", got)
	}
}

func digits(n int) []key { return slices.Repeat([]key{'1'}, max(n, 0)) }

func FuzzKeys(f *testing.F) {
	for _, s := range []string{"abc", "\x1b[A", "\x1bO", "é\xc3", "\x1b[1;", "\x1b[999999999999999999~"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		whole := new(keyReader).feed(b, nil)
		var k keyReader
		var cut []key
		for i := range b {
			cut = k.feed(b[i:i+1], cut)
			if len(k.held) >= maxHeld {
				t.Fatalf("%d bytes held", len(k.held))
			}
		}
		// An overlong sequence is given up at another place when it comes in
		// pieces; everything else is the same.
		if !bytes.Contains(b, []byte{0x1b}) && !slices.Equal(whole, cut) {
			t.Fatalf("in pieces %v, at once %v", cut, whole)
		}
		for _, r := range whole {
			if r <= utf8.MaxRune && !printable(r) {
				t.Fatalf("key %U is not printable", r)
			}
		}
	})
}
