//go:build linux && !(386 || arm || mips || mipsle)

package arena

import (
	"os"
	"strconv"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// slots tells that memories are slots of mappings.
const slots = true

const anonymous = unix.MAP_PRIVATE | unix.MAP_ANON | unix.MAP_NORESERVE

// reserve maps a chunk of slots of so many bytes.
func reserve(slot int) ([]byte, error) {
	n := max(slot*chunkSlots, minChunk)
	p, err := unix.MmapPtr(-1, 0, nil, uintptr(n), unix.PROT_READ|unix.PROT_WRITE, anonymous)
	if err != nil { // a limit on addresses, or a system that reserves all the same
		n = slot
		if p, err = unix.MmapPtr(-1, 0, nil, uintptr(n), unix.PROT_READ|unix.PROT_WRITE, anonymous); err != nil {
			return nil, os.NewSyscallError("mmap", err)
		}
	}
	chunk := unsafe.Slice((*byte)(p), n)
	plain(chunk)
	return chunk, nil
}

// plain keeps the kernel from giving 2 MiB to a guest that touches a byte. An
// error means that it does not know how to.
func plain(b []byte) { _ = unix.Madvise(b, unix.MADV_NOHUGEPAGE) }

func release(b []byte) error {
	return os.NewSyscallError("munmap", unix.MunmapPtr(unsafe.Pointer(unsafe.SliceData(b)), uintptr(len(b))))
}

// discard gives the pages of b back: it shows zeros again, or the file that is
// mapped there.
func discard(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	return os.NewSyscallError("madvise", unix.Madvise(b, unix.MADV_DONTNEED))
}

// newFile makes a file of size bytes without a name that begins with data,
// never changes, and has all its pages.
func newFile(data []byte, size int) (*os.File, []byte, error) {
	fd, err := unix.MemfdCreate("image", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return nil, nil, os.NewSyscallError("memfd_create", err)
	}
	f := os.NewFile(uintptr(fd), "image")
	view, err := fillFile(f, data, size)
	if err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, view, nil
}

func fillFile(f *os.File, data []byte, size int) ([]byte, error) {
	if _, err := f.Write(data); err != nil {
		return nil, err
	}
	if rest := size - len(data); rest > 0 {
		if _, err := f.Write(make([]byte, rest)); err != nil {
			return nil, err
		}
	}
	seals := unix.F_SEAL_SHRINK | unix.F_SEAL_GROW | unix.F_SEAL_WRITE | unix.F_SEAL_SEAL
	if _, err := unix.FcntlInt(f.Fd(), unix.F_ADD_SEALS, seals); err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	p, err := unix.MmapPtr(int(f.Fd()), 0, nil, uintptr(size), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, os.NewSyscallError("mmap", err)
	}
	return unsafe.Slice((*byte)(p), size), nil
}

// mapFile shows the file in b, whose changes stay private.
func mapFile(b []byte, f *os.File) error {
	_, err := unix.MmapPtr(int(f.Fd()), 0, unsafe.Pointer(unsafe.SliceData(b)), uintptr(len(b)),
		unix.PROT_READ|unix.PROT_WRITE, unix.MAP_PRIVATE|unix.MAP_FIXED|unix.MAP_NORESERVE)
	return os.NewSyscallError("mmap", err)
}

// unmapFile makes b zeros of the chunk around it again.
func unmapFile(b []byte) error {
	_, err := unix.MmapPtr(-1, 0, unsafe.Pointer(unsafe.SliceData(b)), uintptr(len(b)),
		unix.PROT_READ|unix.PROT_WRITE, anonymous|unix.MAP_FIXED)
	if err == nil {
		plain(b)
	}
	return os.NewSyscallError("mmap", err)
}

// Physical is how much memory the machine has, in bytes; 0 when that is not
// known.
func Physical() uint64 {
	var s unix.Sysinfo_t
	if unix.Sysinfo(&s) != nil {
		return 0
	}
	return uint64(s.Totalram) * uint64(s.Unit)
}

// mapLimit is how many slots may have a file mapped into them: each is up to
// two areas more, of which the system allows a process so many, and half of
// them are left to others.
func mapLimit() int64 {
	b, err := os.ReadFile("/proc/sys/vm/max_map_count")
	if err != nil {
		return 1 << 13
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	if err != nil {
		return 1 << 13
	}
	return n / 4
}
