package scripting

import (
	"encoding/binary"
	"runtime"
	"slices"
	"time"
)

// The part of wasi_snapshot_preview1 that the run-time systems of languages
// need: arguments, clocks, randomness, standard output into the log. There are
// no files, no environment and no sockets: the other functions exist, because
// compilers import them, and answer that they are not supported.
const wasiModule = "wasi_snapshot_preview1"

// Errors of WASI preview 1.
const (
	wasiOK      = 0
	wasiBadFD   = 8
	wasiInvalid = 28
	wasiNoSys   = 52
)

// unsupported are the signatures of what only answers.
var unsupported = map[string]string{
	"clock_res_get": "ii:i", "fd_advise": "iIIi:i", "fd_allocate": "iII:i", "fd_datasync": "i:i",
	"fd_fdstat_set_rights": "iII:i", "fd_filestat_set_size": "iI:i", "fd_filestat_set_times": "iIIi:i",
	"fd_pread": "iiiIi:i", "fd_prestat_dir_name": "iii:i", "fd_pwrite": "iiiIi:i", "fd_read": "iiii:i",
	"fd_readdir": "iiiIi:i", "fd_renumber": "ii:i", "fd_seek": "iIii:i", "fd_sync": "i:i", "fd_tell": "ii:i",
	"fd_filestat_get": "ii:i", "path_create_directory": "iii:i", "path_filestat_get": "iiiii:i",
	"path_filestat_set_times": "iiiiIIi:i", "path_link": "iiiiiii:i", "path_open": "iiiiiIIii:i",
	"path_readlink": "iiiiii:i", "path_remove_directory": "iii:i", "path_rename": "iiiiii:i",
	"path_symlink": "iiiii:i", "path_unlink_file": "iii:i", "proc_raise": "i:i",
	"sock_accept": "iii:i", "sock_recv": "iiiiii:i", "sock_send": "iiiii:i", "sock_shutdown": "ii:i",
}

func wasiFuncs() []hostFunc {
	list := []hostFunc{
		wasi("args_sizes_get", "ii:i", func(g *guest, s []uint64) uint32 {
			size := 0
			for _, a := range g.argv() {
				size += len(a) + 1
			}
			g.putU32(s[0], uint32(len(g.argv())))
			g.putU32(s[1], uint32(size))
			return wasiOK
		}),
		wasi("args_get", "ii:i", func(g *guest, s []uint64) uint32 {
			at := uint32(s[1])
			for i, a := range g.argv() {
				g.putU32(s[0]+uint64(4*i), at)
				copy(g.view(at, uint32(len(a)+1)), a+"\x00")
				at += uint32(len(a) + 1)
			}
			return wasiOK
		}),
		wasi("environ_sizes_get", "ii:i", func(g *guest, s []uint64) uint32 {
			g.putU32(s[0], 0)
			g.putU32(s[1], 0)
			return wasiOK
		}),
		wasi("environ_get", "ii:i", func(*guest, []uint64) uint32 { return wasiOK }),
		wasi("clock_time_get", "iIi:i", func(g *guest, s []uint64) uint32 {
			switch uint32(s[0]) {
			case 0:
				g.putU64(s[2], uint64(g.now()))
			case 1:
				g.putU64(s[2], uint64(g.age()))
			default:
				return wasiInvalid
			}
			return wasiOK
		}),
		wasi("random_get", "ii:i", func(g *guest, s []uint64) uint32 {
			if uint32(s[1]) > maxRandom {
				return wasiInvalid
			}
			g.random(g.view(uint32(s[0]), uint32(s[1])))
			return wasiOK
		}),
		wasi("fd_write", "iiii:i", fdWrite),
		wasi("fd_close", "i:i", func(_ *guest, s []uint64) uint32 { return stdio(s[0]) }),
		wasi("fd_fdstat_set_flags", "ii:i", func(_ *guest, s []uint64) uint32 { return stdio(s[0]) }),
		wasi("fd_fdstat_get", "ii:i", func(g *guest, s []uint64) uint32 {
			if e := stdio(s[0]); e != wasiOK {
				return e
			}
			b := g.view(uint32(s[1]), 24)
			clear(b)
			b[0] = 2 // a character device
			return wasiOK
		}),
		wasi("fd_prestat_get", "ii:i", func(*guest, []uint64) uint32 { return wasiBadFD }),
		wasi("poll_oneoff", "iiii:i", pollOneoff),
		wasi("sched_yield", ":i", func(*guest, []uint64) uint32 { runtime.Gosched(); return wasiOK }),
		fn(wasiModule, "proc_exit", "i:", forProcess, func(g *guest, s []uint64) { g.exit(uint32(s[0])) }),
	}
	for name, types := range unsupported {
		list = append(list, wasi(name, types, func(*guest, []uint64) uint32 { return wasiNoSys }))
	}
	return list
}

// startWASI are the functions that a start may call while an image is made.
var startWASI = []string{
	"args_sizes_get", "args_get", "environ_sizes_get", "environ_get", "clock_time_get", "random_get", "sched_yield",
	"fd_close", "fd_fdstat_get", "fd_fdstat_set_flags", "fd_prestat_get", "clock_res_get",
}

// argv is the name of the process and its arguments; one name for all while an
// image is made, which serves many processes.
func (g *guest) argv() []string {
	if g.i != nil {
		g.i.drew = true
		return []string{"guest"}
	}
	return g.p.argv()
}

func wasi(name, types string, do func(g *guest, s []uint64) uint32) hostFunc {
	to := forProcess
	if slices.Contains(startWASI, name) {
		to |= forImage
	}
	return fn(wasiModule, name, types, to, func(g *guest, s []uint64) { s[0] = uint64(do(g, s)) })
}

func stdio(fd uint64) uint32 {
	if uint32(fd) > 2 {
		return wasiBadFD
	}
	return wasiOK
}

func (g *guest) putU32(ptr uint64, v uint32) {
	binary.LittleEndian.PutUint32(g.view(uint32(ptr), 4), v)
}
func (g *guest) putU64(ptr uint64, v uint64) {
	binary.LittleEndian.PutUint64(g.view(uint32(ptr), 8), v)
}

// fdWrite puts what a guest prints into its log, by lines.
func fdWrite(g *guest, s []uint64) uint32 {
	fd, at, n := uint32(s[0]), uint32(s[1]), uint32(s[2])
	if fd != 1 && fd != 2 {
		return wasiBadFD
	}
	if n > 1024 {
		return wasiInvalid
	}
	total := uint32(0)
	iov := g.view(at, 8*n)
	for ; len(iov) > 0 && total < MaxMessage; iov = iov[8:] {
		ptr, size := binary.LittleEndian.Uint32(iov), binary.LittleEndian.Uint32(iov[4:])
		size = min(size, MaxMessage-total) // a short write: the guest writes the rest
		g.charge(gasVector)
		g.print(fd, g.view(ptr, size))
		total += size
	}
	g.putU32(s[3], total)
	return wasiOK
}

// pollOneoff waits for the earliest clock; anything else is an event at once,
// with an error. Subscriptions are 48 bytes, events 32.
func pollOneoff(g *guest, s []uint64) uint32 {
	in, out, n := uint32(s[0]), uint32(s[1]), uint32(s[2])
	if n == 0 || n > 64 {
		return wasiInvalid
	}
	subs := append([]byte(nil), g.view(in, 48*n)...)
	waits := make([]time.Duration, n)
	earliest := time.Duration(1<<63 - 1)
	for i := range waits {
		sub := subs[48*i:]
		if sub[8] == 0 { // a clock
			at := time.Duration(binary.LittleEndian.Uint64(sub[24:]) & (1<<63 - 1))
			if sub[40]&1 != 0 { // absolute
				if binary.LittleEndian.Uint32(sub[16:]) == 0 {
					at -= time.Duration(time.Now().UnixNano())
				} else {
					at -= g.p.age()
				}
			}
			waits[i] = max(at, 0)
		}
		earliest = min(earliest, waits[i])
	}
	g.p.sleep(earliest)
	count := uint32(0)
	for i, w := range waits {
		if w > earliest {
			continue
		}
		ev := g.view(out+32*count, 32)
		clear(ev)
		copy(ev, subs[48*i:48*i+8])
		ev[10] = subs[48*i+8]
		if ev[10] != 0 {
			ev[8] = wasiBadFD
		}
		count++
	}
	g.putU32(s[3], count)
	return wasiOK
}
