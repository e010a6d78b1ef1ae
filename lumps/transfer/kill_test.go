package transfer

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/disk"
)

// childDir, when set, makes this test binary a receiver that is to be killed.
const childDir = "LUMPS_TRANSFER_CHILD_DIR"

type tcp struct{ net.Conn }

func (c tcp) Reset() { _ = c.Close() }

func openDisk(dir string) (*disk.Store, *Ledger, error) {
	s, err := disk.Open(filepath.Join(dir, "lumps"), disk.Config{})
	if err != nil {
		return nil, nil, err
	}
	l, err := OpenLedger(LedgerConfig{Dir: filepath.Join(dir, "agreed"), Pins: s})
	return s, l, err
}

// serveUntilKilled takes contents over loopback TCP, and says where it listens.
func serveUntilKilled(dir string) error {
	s, l, err := openDisk(dir)
	if err != nil {
		return err
	}
	from := publicOf(keyFrom(1))
	if _, err := l.Accept(context.Background(), from, 1<<30); err != nil {
		return err
	}
	tr, err := New(Config{Key: keyFrom(2), Store: s, Ledger: l})
	if err != nil {
		return err
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(ln.Addr())
	for {
		c, err := ln.Accept()
		if err != nil {
			return err
		}
		if err := c.(*net.TCPConn).SetReadBuffer(32 << 10); err != nil {
			return err
		}
		tr.Serve(context.Background(), from, tcp{c})
	}
}

// TestKilledReceiverHasWhatItGaveReceiptsFor kills a receiver while contents
// come: everything that a receipt was given for is there, whole, pinned and
// counted, and what had come of the one that was cut off is not sent again.
func TestKilledReceiverHasWhatItGaveReceiptsFor(t *testing.T) {
	if testing.Short() {
		t.Skip("starts processes")
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	a := newSide(t, 1)
	receipts := map[lumps.Ref]bool{}
	size := 2 << 20
	var cut *lumps.Stat // the content that the last kill cut off
	for round := range 5 {
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), childDir+"="+dir)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(out)
		if !lines.Scan() {
			t.Fatal("the receiver does not listen")
		}
		// Contents one after the other, the first of them the one cut off
		// before, until a kill at a byte that differs by round.
		left := int64(size)*int64(round%3) + int64(size)*int64(4+round)/10
		for i := uint64(0); ; i++ {
			st := a.content(t, uint64(round)<<8|i, size, 1<<16)
			if cut != nil {
				st, cut = *cut, nil
			}
			c, err := net.Dial("tcp", lines.Text())
			if err == nil {
				// What the system holds for the receiver is lost with it.
				err = c.(*net.TCPConn).SetWriteBuffer(32 << 10)
			}
			if err != nil {
				t.Fatal(err)
			}
			was := a.stat[statBytesOut].Load()
			r, err := a.Send(t.Context(), publicOf(keyFrom(2)), tcp{c}, st, "", func(done int64) {
				if done >= left {
					_ = cmd.Process.Kill()
				}
			})
			left -= int64(size)
			if n := a.stat[statBytesOut].Load() - was; i == 0 && round > 0 && n > uint64(size)*7/8 {
				t.Errorf("round %d: %d bytes sent again of %d", round, n, size)
			}
			if err != nil {
				if !errors.Is(err, ErrInterrupted) {
					t.Fatal(err)
				}
				cut = &st
				break
			}
			receipts[r.Root] = true
		}
		var died *exec.ExitError
		if err := cmd.Wait(); !errors.As(err, &died) || died.ExitCode() != -1 {
			t.Fatalf("the receiver was not killed: %v", err)
		}
	}
	s, l, err := openDisk(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	counted := map[lumps.Ref]bool{}
	for _, g := range l.List(t.Context()) {
		for _, c := range g.Contents {
			counted[c.Root] = true
			if !whole(t, s, c.Root) {
				t.Errorf("%s counts and is not whole", c.Root)
			}
		}
	}
	for r := range receipts {
		if pinned, err := s.Pinned(t.Context(), r); !pinned || err != nil || !counted[r] {
			t.Errorf("receipt for %s: pinned %v (%v), counted %v", r, pinned, err, counted[r])
		}
	}
	if len(receipts) < 4 {
		t.Errorf("only %d receipts", len(receipts))
	}
}
