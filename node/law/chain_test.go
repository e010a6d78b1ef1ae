package law

import (
	"errors"
	"testing"

	"github.com/metatopia/metatopia/region/succession"
)

// TestChainThatNobodyCouldRead: what would not be read again is not kept.
func TestChainThatNobodyCouldRead(t *testing.T) {
	b, err := OpenBook(t.TempDir(), 0)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	c := &Court{book: b}
	if err := c.setChain(make(succession.Chain, succession.MaxChain+1)); !errors.Is(err, succession.ErrFull) {
		t.Fatal(err)
	}
	if _, err := b.Chain(); err != nil {
		t.Fatal(err)
	}
}
