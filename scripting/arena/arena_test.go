package arena

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"
)

func get(t *testing.T, a *Arena, s Spec) *Memory {
	t.Helper()
	m, err := a.Get(s)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func image(t *testing.T, a *Arena, b []byte) *Image {
	t.Helper()
	img, err := a.NewImage(b, false, false)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// pattern is n bytes, of which about every third page is not zero.
func pattern(n int, seed uint64) []byte {
	b := make([]byte, n)
	r := rand.New(rand.NewPCG(seed, 0))
	for at := 0; at < n; at += osPage {
		if r.IntN(3) == 0 {
			for i := at; i < min(at+osPage, n); i += 1 + r.IntN(64) {
				b[i] = byte(r.Uint32())
			}
		}
	}
	return b
}

// TestAgainstSlices does at random what guests do, next to plain slices.
func TestAgainstSlices(t *testing.T) {
	a := New(0)
	var images []*Image
	var contents [][]byte
	for i, n := range []int{0, 1 << 16, 3 << 16, 20 << 16, 9<<16 + 5} {
		contents = append(contents, pattern(n, uint64(i)))
		images = append(images, image(t, a, contents[i]))
	}
	images, contents = append(images, nil), append(contents, nil)
	type pair struct {
		m     *Memory
		want  []byte
		limit uint64
	}
	var live []pair
	r := rand.New(rand.NewPCG(7, 7))
	for range 3000 {
		if len(live) == 0 || len(live) < 24 && r.IntN(3) == 0 {
			k := r.IntN(len(images))
			size := (uint64(len(contents[k])) + 0xffff + uint64(r.IntN(3))<<16) &^ 0xffff
			limit := size + uint64(r.IntN(40))<<16
			p := pair{get(t, a, Spec{Size: size, Limit: limit, Image: images[k], Must: r.IntN(2) == 0, Again: r.IntN(2) == 0}), make([]byte, size), limit}
			copy(p.want, contents[k])
			live = append(live, p)
		}
		i := r.IntN(len(live))
		p := &live[i]
		switch r.IntN(6) {
		case 0:
			size := uint64(len(p.want)) + uint64(r.IntN(5))<<16
			got := p.m.Grow(size)
			if (got != nil) != (size <= p.limit) {
				t.Fatalf("growing to %d of %d gives %d bytes", size, p.limit, len(got))
			}
			if got != nil {
				p.want = append(p.want, make([]byte, size-uint64(len(p.want)))...)
			}
		case 1:
			k := r.IntN(len(images))
			if p.m.Reset(images[k], uint64(len(p.want))) {
				clear(p.want)
				copy(p.want, contents[k])
			}
		case 2:
			if !bytes.Equal(p.m.Bytes(), p.want) {
				t.Fatal("the bytes differ")
			}
			p.m.Free()
			live[i] = live[len(live)-1]
			live = live[:len(live)-1]
		default:
			for n := r.IntN(50); n > 0 && len(p.want) > 0; n-- {
				at := r.IntN(len(p.want))
				p.want[at], p.m.Bytes()[at] = byte(n), byte(n)
			}
		}
	}
	for _, p := range live {
		if !bytes.Equal(p.m.Bytes(), p.want) {
			t.Fatal("the bytes differ")
		}
		p.m.Free()
	}
	for k, img := range images { // nothing was written through to an image
		m := get(t, a, Spec{Size: img.Size(), Limit: 1 << 22, Image: img})
		if !bytes.Equal(m.Bytes(), contents[k]) {
			t.Errorf("image %d changed", k)
		}
		m.Free()
	}
	if s := a.Stats(); s.Memories != 0 {
		t.Errorf("%+v", s)
	}
}

// TestZeroAgain: what a guest wrote is not seen by the next one.
func TestZeroAgain(t *testing.T) {
	a := New(0)
	for range 3 {
		m := get(t, a, Spec{Size: 1 << 16, Limit: 1 << 20})
		m.Grow(1 << 19)
		if !isAllZero(m.Bytes()) {
			t.Fatal("not zero")
		}
		for i := range m.Bytes() {
			m.Bytes()[i] = 1
		}
		m.Free()
	}
}

func isAllZero(b []byte) bool {
	for len(b) > 0 {
		n := min(len(b), osPage)
		if !isZero(b[:n]) {
			return false
		}
		b = b[n:]
	}
	return true
}

func TestBudget(t *testing.T) {
	a := New(1 << 20)
	m := get(t, a, Spec{Size: 1 << 19, Limit: 1 << 21})
	if _, err := a.Get(Spec{Size: 1<<19 + 1<<16, Limit: 1 << 20}); !errors.Is(err, ErrBudget) {
		t.Errorf("got %v", err)
	}
	if m.Grow(1<<20+1<<16) != nil {
		t.Error("grew over the budget")
	}
	if m.Grow(1<<20) == nil {
		t.Error("did not grow within it")
	}
	if _, err := a.NewImage(pattern(1<<20, 1), false, true); !errors.Is(err, ErrBudget) {
		t.Errorf("image: %v", err)
	}
	must := get(t, a, Spec{Size: 1 << 19, Limit: 1 << 20, Must: true})
	if must.Grow(1<<20) == nil || must.Grow(1<<20+1) != nil {
		t.Error("the limit is what binds a memory that must be")
	}
	m.Free()
	must.Free()
	if used := a.Stats().Used; used != 0 {
		t.Errorf("%d bytes are still in use", used)
	}
}

func TestRefusesNonsense(t *testing.T) {
	a := New(0)
	img := image(t, a, make([]byte, 1<<17))
	for _, s := range []Spec{
		{Size: 2, Limit: 1},
		{Size: 1, Limit: MaxSlot + 1},
		{Size: 1 << 16, Limit: 1 << 20, Image: img},
	} {
		if m, err := a.Get(s); err == nil {
			t.Errorf("%+v gives %+v", s, m)
		}
	}
}

// TestMapsAreBounded: above the share of the system's areas images are copied.
func TestMapsAreBounded(t *testing.T) {
	a := New(0)
	if a.most == 0 {
		t.Skip("nothing is mapped on this system")
	}
	a.most = 3
	want := bytes.Repeat([]byte("x"), 1<<18)
	img := image(t, a, want)
	var all []*Memory
	for range 6 {
		m := get(t, a, Spec{Size: 1 << 18, Limit: 1 << 20, Image: img})
		if !bytes.Equal(m.Bytes(), want) {
			t.Fatal("not the image")
		}
		m.Bytes()[0] = 'y'
		all = append(all, m)
	}
	if n := a.Stats().Mapped; n != 3 {
		t.Errorf("%d are mapped", n)
	}
	for _, m := range all {
		m.Free()
	}
	again := get(t, a, Spec{Size: 1 << 18, Limit: 1 << 20, Image: img})
	if !bytes.Equal(again.Bytes(), want) || a.Stats().Mapped != 3 {
		t.Error("a kept slot shows something else, or another was mapped")
	}
	again.Free()
}

// TestImageIsFreed: memories outlive their image, and its file is closed when
// nobody can start from it.
func TestImageIsFreed(t *testing.T) {
	a := New(0)
	want := bytes.Repeat([]byte("x"), 1<<18)
	m := func() *Memory {
		img := image(t, a, want)
		get(t, a, Spec{Size: 1 << 18, Limit: 1 << 18, Image: img}).Free() // leaves a kept slot
		return get(t, a, Spec{Size: 1 << 18, Limit: 1 << 18, Image: img})
	}()
	for a.Stats().Used > 1<<18 { // the image's bytes are counted too
		runtime.GC()
		runtime.Gosched()
	}
	if !bytes.Equal(m.Bytes(), want) {
		t.Error("the memory went with its image")
	}
	m.Free()
	if s := a.Stats(); s != (Stats{Budget: s.Budget}) {
		t.Errorf("left: %+v", s)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
	if _, err := a.Get(Spec{Size: 1, Limit: 1}); !errors.Is(err, ErrRefused) {
		t.Errorf("after Close: %v", err)
	}
}

// TestRewrite: it is used where the tests are expected to run, and leaves what
// giving back would have left.
func TestRewrite(t *testing.T) {
	a := New(0)
	want := bytes.Repeat([]byte("abcdefgh"), 3<<20/8)
	img := image(t, a, want)
	m := get(t, a, Spec{Size: 3<<20 + 1<<16, Limit: 8 << 20, Image: img})
	defer m.Free()
	want = append(want, make([]byte, 1<<16)...)
	if m.img == nil {
		t.Skip("nothing is mapped on this system")
	}
	r := rand.New(rand.NewPCG(1, 1))
	for _, n := range []int{0, 1, 30, 400, 3, 4000} {
		for range n {
			m.Bytes()[r.IntN(len(want))]++
		}
		did := rewrite(m.slot[:m.top], img.state.view)
		t.Log(n, "writes:", did)
		if did && !bytes.Equal(m.Bytes(), want) {
			t.Fatalf("wrong after %d writes", n)
		}
		if !m.Reset(img, 3<<20+1<<16) || !bytes.Equal(m.Bytes(), want) {
			t.Fatalf("no reset after %d writes", n)
		}
	}
}

// TestFromManyGoroutines: no two memories share a byte, and images stay whole.
func TestFromManyGoroutines(t *testing.T) {
	a := New(0)
	want := pattern(1<<18, 3)
	img := image(t, a, want)
	var wg sync.WaitGroup
	for id := range byte(6) {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(id), 5))
			for range 150 {
				s := Spec{Size: 1 << 18, Limit: 1 << 19, Again: r.IntN(2) == 0}
				contents := make([]byte, 1<<18)
				if r.IntN(2) == 0 {
					s.Image, contents = img, want
				}
				m, err := a.Get(s)
				if err != nil || !bytes.Equal(m.Bytes(), contents) {
					t.Errorf("not as it should begin: %v", err)
					return
				}
				at := r.IntN(1 << 17)
				mine := m.Grow(1 << 19)[at : at+9000]
				for i := range mine {
					mine[i] = id + 1
				}
				runtime.Gosched()
				if mine[0] != id+1 || bytes.Count(mine, []byte{id + 1}) != len(mine) {
					t.Error("another wrote here")
				}
				m.Free()
			}
		})
	}
	wg.Wait()
}
