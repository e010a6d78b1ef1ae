package disk

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/lumps"
)

// oracle knows from the journal what a store must hold. It goes by what was
// acknowledged: a line "put", "pinned" or "unpinned" is a promise from the
// moment it is there, and "aging", "pinning" and "unpinning" take one away
// before the deed.
type oracle struct {
	t       *testing.T
	dir     string
	journal *os.File
	at      int64 // how far it is read
	round   int

	must     map[lumps.Ref]bool        // was put, and nobody made it old since
	pinned   map[lumps.Ref]bool        // true: must be; false: must not be; absent: either
	contents map[lumps.Ref][]lumps.Ref // what a root reaches

	was               map[lumps.Ref]bool // what was there at the last check
	acked, swept, cut int
}

func newOracle(t *testing.T, dir string) *oracle {
	t.Helper()
	j, err := os.OpenFile(filepath.Join(dir, "journal"), os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { j.Close() })
	o := &oracle{t: t, dir: dir, journal: j,
		must: map[lumps.Ref]bool{}, pinned: map[lumps.Ref]bool{}, contents: map[lumps.Ref][]lumps.Ref{}}
	o.read() // of a campaign that was interrupted
	return o
}

func (o *oracle) String() string {
	return fmt.Sprintf("%d acknowledgements, %d lumps and %d pins due now, %d lumps swept, %d half-written files cleaned up",
		o.acked, len(o.must), len(o.pinned), o.swept, o.cut)
}

// begin notes a round in the journal.
func (o *oracle) begin() {
	o.t.Helper()
	o.round++
	if _, err := fmt.Fprintf(o.journal, "round %d\n", o.round); err != nil {
		o.t.Fatal(err)
	}
}

// read takes in what the journal has got since.
func (o *oracle) read() {
	o.t.Helper()
	st, err := o.journal.Stat()
	if err != nil {
		o.t.Fatal(err)
	}
	b := make([]byte, st.Size()-o.at)
	if _, err := o.journal.ReadAt(b, o.at); err != nil {
		o.t.Fatal(err)
	}
	o.at = st.Size()
	if len(b) > 0 && b[len(b)-1] != '\n' { // the last line was cut by the kill
		b = b[:bytes.LastIndexByte(b, '\n')+1]
		if _, err := o.journal.WriteString(" cut\n"); err != nil {
			o.t.Fatal(err)
		}
		o.at += int64(len(" cut\n"))
	}
	lines := bufio.NewScanner(bytes.NewReader(b))
	lines.Buffer(nil, 8<<20)
	for lines.Scan() {
		o.line(lines.Text())
	}
	if err := lines.Err(); err != nil {
		o.t.Fatal(err)
	}
}

func (o *oracle) line(l string) {
	o.t.Helper()
	words := strings.Fields(l)
	if len(words) == 2 && words[0] == "round" {
		if _, err := fmt.Sscan(words[1], &o.round); err != nil {
			o.t.Fatal(err)
		}
		return
	}
	if len(words) < 2 || words[len(words)-1] == "cut" {
		return
	}
	var refs []lumps.Ref
	for _, w := range words[1:] {
		r, err := lumps.Parse(w)
		if err != nil {
			o.t.Fatalf("journal: %q: %v", l, err)
		}
		refs = append(refs, r)
	}
	root := refs[0]
	switch words[0] {
	case "put":
		o.must[root] = true
		o.acked++
	case "aging":
		for _, r := range refs {
			delete(o.must, r)
		}
	case "pinning":
		o.contents[root] = refs[1:]
		delete(o.pinned, root)
	case "held":
		o.contents[root] = refs[1:]
	case "pinned":
		o.pinned[root] = true
		o.acked++
	case "unpinning":
		delete(o.pinned, root)
	case "unpinned":
		o.pinned[root] = false
		o.acked++
	default:
		o.t.Fatalf("journal: %q", l)
	}
}

// check opens the store and holds it to the journal.
func (o *oracle) check() {
	t := o.t
	t.Helper()
	dir := filepath.Join(o.dir, "store")
	if left, err := os.ReadDir(filepath.Join(dir, "tmp")); err == nil {
		o.cut += len(left)
	}
	s, err := Open(dir, Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if n := files(t, filepath.Join(dir, "tmp")); n != 0 {
		t.Errorf("%d temporary files after Open", n)
	}
	here := map[lumps.Ref]bool{}
	for e, err := range s.List(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		// Whatever is there is whole, acknowledged or not.
		if b, err := s.Get(t.Context(), e.Ref); err != nil || int64(len(b)) != e.Size {
			t.Errorf("lump of %d bytes: %d, %v", e.Size, len(b), err)
		}
		here[e.Ref] = true
	}
	for r := range o.must {
		if !here[r] {
			t.Errorf("%s: acknowledged, and gone", r)
		}
	}
	for r, want := range o.pinned {
		if ok, err := s.Pinned(t.Context(), r); ok != want || err != nil {
			t.Errorf("%s: pinned %v, %v; acknowledged was %v", r, ok, err, want)
		}
	}
	for r, err := range s.Pins(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		o.pinned[r] = true // whoever sees a pin may rely on it
		for _, below := range o.contents[r] {
			if !here[below] {
				t.Errorf("%s: gone, and %s above it is pinned", below, r)
			}
		}
	}
	for r, want := range o.pinned {
		if !want {
			delete(o.contents, r)
			delete(o.pinned, r)
		}
	}
	for r := range o.was {
		if !here[r] {
			o.swept++
		}
	}
	o.was = here
	if n := files(t, filepath.Join(dir, "corrupt")); n != 0 {
		t.Errorf("%d lumps were set aside", n)
	}
}
