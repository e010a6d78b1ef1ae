package replica

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/order"
	"github.com/metatopia/metatopia/region/order/raft"
)

// TestRecordsOfALogThatNobodyHasOpen: what is left of a log is read up to where it is
// damaged; another region's is not taken.
func TestRecordsOfALogThatNobodyHasOpen(t *testing.T) {
	dir, id := t.TempDir(), base.ID{1}
	if list, _, err := Records(dir, id); err != nil || list != nil {
		t.Fatalf("no log: %d records, %v", len(list), err)
	}
	from, err := raft.Found(3, 7, order.Sum{9}, 1, []base.Key{{1}})
	if err != nil {
		t.Fatal(err)
	}
	b := raft.AppendBegin(nil, id, from.Members[0].ID, &from)
	write := func(b []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, walName), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(b)
	if list, epoch, err := Records(dir, id); err != nil || epoch != 3 || list != nil {
		t.Fatalf("a log that has just begun: epoch %d, %d records, %v", epoch, len(list), err)
	}
	if _, _, err := Records(dir, base.ID{2}); !errors.Is(err, ErrCorrupt) {
		t.Fatalf("another region's: %v", err)
	}
	write(b[:len(b)-1])
	if _, _, err := Records(dir, id); !errors.Is(err, ErrCorrupt) {
		t.Fatalf("cut short: %v", err)
	}
}
