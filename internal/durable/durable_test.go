package durable

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
)

// holds checks what a file has, and that no other is beside it.
func holds(t *testing.T, path, want string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil || string(b) != want {
		t.Errorf("%s: %q, %v; want %q", path, b, err, want)
	}
	list, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(list) != 1 {
		t.Errorf("%v, %v: want %s alone", list, err, path)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read it: %v, %v", info, err)
	}
}

// TestWriteFile: of several writers one comes last, and its content is whole.
func TestWriteFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.json")
	if err := WriteFile(path, []byte("old")); err != nil {
		t.Fatal(err)
	}
	holds(t, path, "old")
	var writing sync.WaitGroup
	for i := range 8 {
		writing.Go(func() {
			for range 4 {
				if err := WriteFile(path, bytes.Repeat([]byte{byte('a' + i)}, 10_000)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writing.Wait()
	b, err := os.ReadFile(path)
	if err != nil || len(b) != 10_000 {
		t.Fatal(len(b), err)
	}
	holds(t, path, string(bytes.Repeat(b[:1], 10_000)))
}

// TestFailure: what cannot take the place of the old one leaves nothing behind.
func TestFailure(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x")
	if err := os.MkdirAll(filepath.Join(path, "in the way"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := WriteFile(path, []byte("b")); err == nil {
		t.Error("a file in place of a directory")
	}
	if f, err := Swap(path, []byte("b")); err == nil || f != nil {
		t.Error("a file in place of a directory")
	}
	for _, name := range []string{"gone/x", "gone/deep/x"} {
		if err := WriteFile(filepath.Join(dir, name), nil); !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
		if err := NewFile(filepath.Join(dir, name)).Replace(nil); !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
		if err := NewFile(filepath.Join(dir, name)).Continue(0); !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
	}
	if err := SyncDir(filepath.Join(dir, "gone")); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	list, err := filepath.Glob(filepath.Join(dir, TempPrefix+"*"))
	if err != nil || len(list) > 0 {
		t.Error(list, err)
	}
}

// TestSwap: what one that was cut short has left is written over.
func TestSwap(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(path+NewSuffix, []byte("longer than what comes"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"one", "two!"} {
		f, err := Swap(path, []byte(want))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.WriteString("+"); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		holds(t, path, want+"+")
	}
}

// TestFile: it grows, goes on after what is whole, and is replaced; only what is
// new is brought to the disk.
func TestFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	syncs := 0
	var f *File
	begin := func(how func() error) {
		t.Helper()
		f = NewFile(path)
		f.Fsync = func(x *os.File) error { syncs++; return x.Sync() }
		if err := how(); err != nil {
			t.Fatal(err)
		}
	}
	write := func(s string) {
		t.Helper()
		if n, err := f.Write([]byte(s)); n != len(s) || err != nil {
			t.Fatal(n, err)
		}
	}
	synced := func(want int) {
		t.Helper()
		if err := f.Sync(); err != nil || syncs != want {
			t.Fatalf("%d syncs, not %d: %v", syncs, want, err)
		}
	}
	begin(func() error { return f.Replace([]byte("begin,")) })
	synced(0)
	write("one,")
	write("half")
	synced(1)
	synced(1)
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	begin(func() error { return f.Continue(int64(len("begin,one,"))) })
	write("two,")
	synced(2)
	holds(t, path, "begin,one,two,")
	write("three,")
	if err := f.Replace([]byte("anew,")); err != nil {
		t.Fatal(err)
	}
	synced(2)
	write("four")
	synced(3)
	holds(t, path, "anew,four")
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestReplacedMeanwhile: a sync of a file that another one takes the place of is
// no error, and one that fails is.
func TestReplacedMeanwhile(t *testing.T) {
	f := NewFile(filepath.Join(t.TempDir(), "log"))
	f.Fsync = func(x *os.File) error {
		if err := f.Replace([]byte("new")); err != nil {
			t.Error(err)
		}
		return x.Sync()
	}
	if err := f.Replace(nil); err != nil {
		t.Fatal(err)
	}
	defer func() { f.Close() }()
	if _, err := f.Write([]byte("old")); err != nil {
		t.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		t.Error(err)
	}
	bad := errors.New("the disk is gone")
	f.Fsync = func(*os.File) error { return bad }
	if _, err := f.Write([]byte("more")); err != nil {
		t.Fatal(err)
	}
	if err := f.Sync(); !errors.Is(err, bad) {
		t.Error(err)
	}
}

// TestFailedSync: what could not be brought to the disk is not said to be there by
// the next sync, until all of it is written anew.
func TestFailedSync(t *testing.T) {
	f := NewFile(filepath.Join(t.TempDir(), "log"))
	if err := f.Replace(nil); err != nil {
		t.Fatal(err)
	}
	defer func() { f.Close() }()
	bad := errors.New("the disk is gone")
	f.Fsync = func(*os.File) error { return bad }
	if _, err := f.Write([]byte("one")); err != nil {
		t.Fatal(err)
	}
	if err := f.Sync(); !errors.Is(err, bad) {
		t.Fatal(err)
	}
	f.Fsync = (*os.File).Sync
	if err := f.Sync(); !errors.Is(err, bad) {
		t.Errorf("one is lost, and the next sync says %v", err)
	}
	if _, err := f.Write([]byte("two")); err != nil {
		t.Fatal(err)
	}
	if err := f.Sync(); !errors.Is(err, bad) {
		t.Errorf("one is lost, and a sync after two says %v", err)
	}
	if err := f.Replace([]byte("onetwo")); err != nil {
		t.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		t.Errorf("all is there anew: %v", err)
	}
}

// TestSyncBeside: whoever syncs, what was written before is on the disk when Sync
// returns.
func TestSyncBeside(t *testing.T) {
	f := NewFile(filepath.Join(t.TempDir(), "log"))
	if err := f.Replace(nil); err != nil {
		t.Fatal(err)
	}
	defer func() { f.Close() }()
	var there atomic.Int64
	f.Fsync = func(x *os.File) error {
		info, err := x.Stat()
		if err != nil {
			return err
		}
		err = x.Sync()
		there.Store(info.Size())
		return err
	}
	quit := make(chan struct{})
	var beside sync.WaitGroup
	beside.Go(func() {
		for {
			select {
			case <-quit:
				return
			default:
			}
			if err := f.Sync(); err != nil {
				t.Error(err)
			}
		}
	})
	for i := range int64(200) {
		if _, err := f.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		if err := f.Sync(); err != nil || there.Load() < i+1 {
			t.Fatalf("%d of %d bytes are on the disk: %v", there.Load(), i+1, err)
		}
	}
	close(quit)
	beside.Wait()
}

// TestBoot: it is the same as long as the machine runs.
func TestBoot(t *testing.T) {
	if _, err := os.Stat("/proc/sys/kernel/random/boot_id"); err == nil && len(Boot()) != 36 {
		t.Errorf("%q", Boot())
	}
	if a, b := Boot(), Boot(); a != b {
		t.Errorf("it changes: %q, %q", a, b)
	}
}
