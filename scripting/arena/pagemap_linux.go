//go:build linux && !(386 || arm || mips || mipsle)

package arena

import (
	"encoding/binary"
	"os"
	"sync"
	"unsafe"
)

// pagemap is the kernel's list of what lies behind the program's addresses, 8
// bytes a page: see its documentation, admin-guide/mm/pagemap.rst. nil when it
// cannot be read, or pages are larger than the arena's, or it does not tell what
// it should: an emulator may show the list of its own addresses.
var pagemap = sync.OnceValue(func() *os.File {
	f, err := os.Open("/proc/self/pagemap")
	if err != nil {
		return nil
	}
	if os.Getpagesize() != osPage || !tells(f) {
		f.Close()
		return nil
	}
	return f
})

// tells tries the list on five pages: never touched, written, never touched,
// read from a file, and written where the file is.
func tells(f *os.File) bool {
	file, view, err := newFile(make([]byte, 2*osPage), 2*osPage)
	if err != nil {
		return false
	}
	defer file.Close()
	defer release(view)
	chunk, err := reserve(minSlot)
	if err != nil {
		return false
	}
	defer release(chunk)
	b := chunk[:5*osPage]
	if mapFile(b[3*osPage:], file) != nil {
		return false
	}
	b[osPage]++
	b[4*osPage]++
	if b[3*osPage] != 0 {
		return false
	}
	var entries [5 * 8]byte
	if !entriesOf(f, b, entries[:]) {
		return false
	}
	for i, want := range []bool{false, true, false, false, true} {
		if written(entries[8*i:]) != want {
			return false
		}
	}
	return true
}

// entriesOf reads what lies behind b.
func entriesOf(f *os.File, b, entries []byte) bool {
	first := int64(uintptr(unsafe.Pointer(unsafe.SliceData(b))) / osPage * 8)
	n, err := f.ReadAt(entries, first)
	return err == nil && n == len(entries)
}

// written tells of an entry whether the page is the program's own.
func written(entry []byte) bool {
	e := binary.LittleEndian.Uint64(entry)
	return e&(pagePresent|pageSwapped) != 0 && e&pageShared == 0
}

const (
	pageShared  = 1 << 61 // of a file, as the file has it
	pageSwapped = 1 << 62
	pagePresent = 1 << 63
)

// lookups are buffers for entries.
var lookups = sync.Pool{New: func() any { return new([maxLookup / osPage * 8]byte) }}

// rewrite writes over the pages of b that were written to since b was mapped or
// discarded, and whose contents are therefore the program's own: with those of
// from, and with zeros where from ends. It gives false, and has written nothing,
// when there are many of them or the system does not tell.
func rewrite(b, from []byte) bool {
	f := pagemap()
	if f == nil || len(b) > maxLookup || len(b) == 0 {
		return false
	}
	buf := lookups.Get().(*[maxLookup / osPage * 8]byte)
	defer lookups.Put(buf)
	entries := buf[:(len(b)+osPage-1)/osPage*8]
	if !entriesOf(f, b, entries) {
		return false
	}
	var own [maxRewrite]int
	n := 0
	for i := 0; i < len(entries); i += 8 {
		if !written(entries[i:]) {
			continue
		}
		if n == len(own) {
			return false
		}
		own[n] = i / 8 * osPage
		n++
	}
	for _, at := range own[:n] {
		page := b[at:min(at+osPage, len(b))]
		done := 0
		if at < len(from) {
			done = copy(page, from[at:])
		}
		clear(page[done:])
	}
	return true
}
