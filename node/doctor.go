package node

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/metatopia/metatopia/internal/durable"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/overlay"
	"github.com/metatopia/metatopia/scripting/guest"
)

const (
	// minFree is what a node needs to write logs and lumps for a day.
	minFree = 512 << 20
	// slowSync is an fsync that would hold back every acknowledgement.
	slowSync = 50 * time.Millisecond
	minFiles = 1024
)

// Doctor looks at what this node needs and says what is missing and why.
func (b *backend) Doctor(context.Context) (*control.DoctorResponse, error) {
	return &control.DoctorResponse{Checks: []control.DoctorCheck{
		b.checkDisk(), b.checkSync(), b.checkFiles(), b.checkClock(), b.checkCPU(), b.checkGuests(),
		b.checkListen(), b.checkPeers(), b.checkReach(), b.checkWorld(), b.checkOverlay(),
	}}, nil
}

func check(name string, ok bool, hint, format string, args ...any) control.DoctorCheck {
	c := control.DoctorCheck{Name: name, OK: ok, Detail: fmt.Sprintf(format, args...)}
	if !ok {
		c.Hint = hint
	}
	return c
}

func (b *backend) checkDisk() control.DoctorCheck {
	var st unix.Statfs_t
	if err := unix.Statfs(b.home.dir, &st); err != nil {
		return check("disk", false, "", "%v", err)
	}
	free := uint64(st.Bavail) * uint64(st.Bsize)
	return check("disk", free >= minFree, "free some space, or use another --home", "%d MiB free under %s", free>>20, b.home.dir)
}

func (b *backend) checkSync() control.DoctorCheck {
	file := filepath.Join(b.home.dir, "doctor.tmp")
	defer os.Remove(file)
	began := time.Now()
	err := durable.WriteFile(file, []byte("metatopia\n"))
	took := time.Since(began)
	if err != nil {
		return check("durable writes", false, "", "%v", err)
	}
	return check("durable writes", took < slowSync, "a slow disk makes chat and building slow", "a small durable write takes %.1f ms", took.Seconds()*1000)
}

func (b *backend) checkFiles() control.DoctorCheck {
	var r unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &r); err != nil {
		return check("open files", false, "", "%v", err)
	}
	return check("open files", r.Cur >= minFiles, "raise it with ulimit -n 4096", "limit %d", r.Cur)
}

// earliest is before this code was written: a clock that shows less is unset.
var earliest = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func (b *backend) checkClock() control.DoctorCheck {
	now := time.Now()
	return check("clock", now.After(earliest), "set the clock: signatures and records carry times", "%s", now.UTC().Format(time.RFC3339))
}

func (b *backend) checkCPU() control.DoctorCheck {
	ok := runtime.GOARCH == "amd64" || runtime.GOARCH == "arm64"
	return check("wasm compiler", ok, "scripts run in the slow interpreter on this CPU", "%s/%s, %d cores", runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
}

func (b *backend) checkGuests() control.DoctorCheck {
	if b.cfg.Guests == nil {
		return check("guests", false, "build with make", "this binary holds no guest modules")
	}
	missing := []string{}
	for _, m := range guest.List() {
		if _, _, _, err := guest.OpenFS(b.cfg.Guests, m.Name); err != nil {
			missing = append(missing, m.Name)
		}
	}
	return check("guests", len(missing) == 0, "run `make guests` and build again", "%d shipped, missing: %s", len(guest.List()), orNone(missing))
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

func (b *backend) checkListen() control.DoctorCheck {
	addrs := b.net.Addrs()
	short := make([]string, 0, len(addrs))
	for _, a := range addrs {
		a, _, _ = strings.Cut(a, "/p2p/")
		short = append(short, a)
	}
	return check("listening", len(addrs) > 0, "another program may hold the port; see --listen", "%s", orNone(short))
}

func (b *backend) checkPeers() control.DoctorCheck {
	// A lone node is not a broken one.
	list, relayed := b.net.Peers(), 0
	for _, p := range list {
		if p.Transport == "circuit" {
			relayed++
		}
	}
	return check("peers", true, "", "%d connected, %d of them through a relay; %d times one was cut off", len(list), relayed, b.net.Banned())
}

func (b *backend) checkReach() control.DoctorCheck {
	r := b.net.Reach()
	detail := fmt.Sprintf("%s; relayed addresses: %d", r.Words, r.Relayed)
	return check("reachable from outside", !r.Private || r.Relayed > 0,
		"forward a UDP port, or leave it: hole punching and relays are tried by themselves", "%s", detail)
}

func (b *backend) checkWorld() control.DoctorCheck {
	w := b.current()
	if w == nil {
		return check("world", false, "`metatopia world create NAME` or `metatopia join LINK`", "in none yet")
	}
	live := 0
	list := w.regionList()
	for _, r := range list {
		if r.Live {
			live++
		}
	}
	return check("world", live > 0 || len(list) == 0, "their servers may be away", "%s: %d regions known, %d answer", w.charter.Name, len(list), live)
}

// checkOverlay looks at what the overlay counted: whether this node has its
// place among others, and whether messages were lost on this side.
func (b *backend) checkOverlay() control.DoctorCheck {
	w := b.current()
	if w == nil {
		return check("overlay", true, "", "begins with a world")
	}
	m := map[string]uint64{}
	w.overlay.Stats(m)
	dropped := m["raynet_inbox_dropped"]
	var stalls, limited uint64
	for _, p := range overlay.Protocols() {
		for _, c := range []string{"bulk", "reliable", "latest"} {
			dropped += m[p.Name+"_dropped_"+c]
		}
		stalls += m[p.Name+"_stalls"]
		limited += m[p.Name+"_limited"]
	}
	return check("overlay", m["raynet_near_members"] > 0 || m["raynet_peers_up"] == 0, "the peers may be of another world, or still be joining",
		"%d neighbours, %d long links, %d in the random view; dropped here %d, of others over their rate %d, writes that waited %d",
		m["raynet_near_members"], m["raynet_long_members"], m["raynet_random_members"], dropped, limited, stalls)
}
