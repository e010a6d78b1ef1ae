package node

import (
	"errors"
	"testing"

	"github.com/metatopia/metatopia/scripting/guest"
)

// needGuest skips a test where the guests were not built, and no other.
func needGuest(t *testing.T, name string) {
	t.Helper()
	_, _, _, err := guest.Open(name)
	if errors.Is(err, guest.ErrNotBuilt) {
		t.Skipf("%v; those in Lua need clang, lld and wasi-libc", err)
	}
	if err != nil {
		t.Fatal(err)
	}
}
