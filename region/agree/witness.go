package agree

import (
	"bytes"
	"crypto/sha256"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

const witnessDomain = "metatopia/region/witness/1\n"

// Witnesses draws those of the servers without a vote that vote nevertheless: the
// lowest MaxWitnesses by SHA-256 over the domain, the tick, the sum of the tick's
// record and the server. The record is not known before it is agreed on, so
// nobody can choose by whom to be watched.
func Witnesses(tick base.Tick, last [32]byte, servers []base.Key) []base.Key {
	type drawn struct {
		key base.Key
		lot [32]byte
	}
	list := make([]drawn, len(servers))
	for i, k := range servers {
		e := base.Encoder{B: []byte(witnessDomain)}
		e.U64(uint64(tick))
		e.Raw(last[:])
		e.Key(k)
		list[i] = drawn{k, sha256.Sum256(e.B)}
	}
	slices.SortFunc(list, func(a, b drawn) int { return bytes.Compare(a.lot[:], b.lot[:]) })
	list = list[:min(len(list), MaxWitnesses)]
	keys := make([]base.Key, len(list))
	for i := range list {
		keys[i] = list[i].key
	}
	slices.SortFunc(keys, base.Key.Compare)
	return keys
}
