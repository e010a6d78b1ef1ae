package arena

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"sync"
)

// Image is the contents of an initialised memory. It never changes. It is
// freed when nothing refers to it any more. A nil Image is one of no bytes.
type Image struct {
	state *state
}

// run is a stretch of an image that is not all zero.
type run struct {
	off  uint32
	data []byte
}

// state is an image without the handle that its owners hold, so that the
// collector can tell when they are gone.
type state struct {
	a     *Arena
	size  uint64
	runs  []run  // in order, whole pages of the system but for the last
	bytes uint64 // of all runs
	file  *os.File
	view  []byte // the file, mapped for reading: the runs lie in it
	head  int    // bytes of the file

	mu   sync.Mutex
	gone bool
	kept []keptSlot // with the file mapped into them, otherwise unused
}

type keptSlot struct {
	c    *class
	slot []byte
}

// NewImage copies the contents of a memory. Errors wrap ErrBudget; with must
// there are none. again says that it is for memories with Spec.Again.
func (a *Arena) NewImage(mem []byte, must, again bool) (*Image, error) {
	s := &state{a: a, size: uint64(len(mem))}
	for at := 0; at < len(mem); {
		end := at
		for end < len(mem) && !isZero(mem[end:min(end+osPage, len(mem))]) {
			end = min(end+osPage, len(mem))
		}
		if end > at {
			s.runs = append(s.runs, run{uint32(at), mem[at:end]})
			s.bytes += uint64(end - at)
		}
		at = max(end, at+osPage)
	}
	if err := a.charge(s.bytes, must); err != nil {
		return nil, fmt.Errorf("arena: image: %w", err)
	}
	if again && s.bytes <= discardAbove || !s.toFile(mem) {
		s.toHeap()
	}
	img := &Image{state: s}
	runtime.AddCleanup(img, (*state).free, s)
	return img, nil
}

var zeros [osPage]byte

func isZero(b []byte) bool { return bytes.Equal(b, zeros[:len(b)]) }

// toHeap makes the runs the image's own.
func (s *state) toHeap() {
	own := make([]byte, 0, s.bytes)
	for i, r := range s.runs {
		own = append(own, r.data...)
		s.runs[i].data = own[len(own)-len(r.data):]
	}
}

// toFile puts an image that is worth it into a file, zeros included: a page
// that the file does not have would be allocated when a guest reads it, and a
// refusal then is a fault of the program.
func (s *state) toFile(mem []byte) bool {
	if s.bytes < mapContent || s.a.most == 0 {
		return false
	}
	if s.a.files.Add(1) > maxFiles {
		s.a.files.Add(-1)
		return false
	}
	last := s.runs[len(s.runs)-1]
	head := int(last.off) + len(last.data)
	head = (head + osPage - 1) &^ (osPage - 1)
	file, view, err := newFile(mem[:min(head, len(mem))], head)
	if err != nil {
		s.a.files.Add(-1)
		return false
	}
	s.file, s.view, s.head = file, view, head
	for i, r := range s.runs {
		s.runs[i].data = view[r.off:][:len(r.data):len(r.data)]
	}
	return true
}

// Size is how many bytes a memory with this image has at least.
func (i *Image) Size() uint64 {
	if i == nil {
		return 0
	}
	return i.state.size
}

// Content is how many of them are stored: whole pages that are not zero.
func (i *Image) Content() uint64 { return i.content() }

func (i *Image) content() uint64 {
	if i == nil {
		return 0
	}
	return i.state.bytes
}

func (i *Image) mapped() bool { return i != nil && i.state.file != nil }

// copyTo writes the contents into zeros.
func (i *Image) copyTo(dst []byte) {
	if i == nil {
		return
	}
	for _, r := range i.state.runs {
		copy(dst[r.off:], r.data)
	}
	runtime.KeepAlive(i)
}

// fill writes the contents over whatever dst holds.
func (i *Image) fill(dst []byte) {
	at := 0
	if i != nil {
		for _, r := range i.state.runs {
			clear(dst[at:r.off])
			at = int(r.off) + copy(dst[r.off:], r.data)
		}
	}
	clear(dst[at:])
	runtime.KeepAlive(i)
}

// take gives a slot of the class into which the image is mapped already, nil
// when there is none.
func (s *state) take(c *class) []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	for k := len(s.kept) - 1; k >= 0; k-- {
		if s.kept[k].c == c {
			slot := s.kept[k].slot
			s.kept[k] = s.kept[len(s.kept)-1]
			s.kept = s.kept[:len(s.kept)-1]
			return slot
		}
	}
	return nil
}

// mapInto maps the image over the start of a slot, unless there are too many
// mappings already; then the slot is as it was, if the system lets it.
func (s *state) mapInto(slot []byte) (mapped, intact bool) {
	if s.a.maps.Add(1) > s.a.most {
		s.a.maps.Add(-1)
		return false, true
	}
	if mapFile(slot[:s.head], s.file) != nil {
		s.a.maps.Add(-1)
		return false, unmapFile(slot[:s.head]) == nil
	}
	return true, true
}

// put takes a slot back that shows the image again.
func (s *state) put(c *class, slot []byte) {
	s.mu.Lock()
	if !s.gone && len(s.kept) < keptSlots {
		s.kept = append(s.kept, keptSlot{c, slot})
		s.mu.Unlock()
		return
	}
	s.mu.Unlock()
	s.unmap(c, slot)
}

// unmap makes the slot zeros again, and an ordinary one.
func (s *state) unmap(c *class, slot []byte) {
	s.a.maps.Add(-1)
	c.restore(slot, s.head)
}

func (s *state) free() {
	s.mu.Lock()
	kept := s.kept
	s.kept, s.gone = nil, true
	s.mu.Unlock()
	for _, k := range kept {
		s.unmap(k.c, k.slot)
	}
	s.a.refund(s.bytes)
	if s.file != nil {
		release(s.view)
		s.file.Close()
		s.a.files.Add(-1)
	}
}
