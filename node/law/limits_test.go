package law

import (
	"testing"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/succession"
)

// TestQuestionsAreShort: the longest certificate is asked about, nothing longer.
func TestQuestionsAreShort(t *testing.T) {
	c := succession.Certificate{Admins: make([]base.Key, succession.MaxAdmins), Servers: make([]base.Key, succession.MaxServers)}
	q := Ask{Kind: AskSign, Entry: c.SigningBytes()}
	if b := q.Bytes(); len(b) > MaxAsk {
		t.Fatalf("a question of %d bytes", len(b))
	} else if _, err := ParseAsk(b); err != nil {
		t.Fatal(err)
	}
	q.Entry = make([]byte, MaxAsk+1)
	if _, err := ParseAsk(q.Bytes()); err == nil {
		t.Fatal("any length is taken")
	}
}
