package succession

import (
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
)

// Signed is one server's signature under something that more than half of the
// servers have to sign.
type Signed struct {
	Server base.Key
	Sig    Signature
}

// AppendSigned writes a list of signatures: count u32, each key 32 and 64.
func AppendSigned(e *base.Encoder, list []Signed) {
	e.U32(uint32(len(list)))
	for i := range list {
		e.Key(list[i].Server)
		e.Raw(list[i].Sig[:])
	}
}

// ReadSigned reads what AppendSigned wrote, at most MaxServers signatures.
func ReadSigned(d *base.Decoder) (list []Signed) {
	for range d.Count(MaxServers, 32+64) {
		s := Signed{Server: d.Key()}
		readSig(d, &s.Sig)
		list = append(list, s)
	}
	return list
}

// Quorum checks that more than half of the servers have signed msg: each once,
// sorted, none that is not a server, no signature that does not fit. Errors wrap
// ErrEntry, ErrServer, ErrSignature or ErrQuorum.
func Quorum(servers []base.Key, msg []byte, signed []Signed, v Verify) error {
	for i := range signed {
		s := &signed[i]
		switch {
		case i > 0 && s.Server.Compare(signed[i-1].Server) <= 0:
			return fmt.Errorf("signatures are not sorted: %w", ErrEntry)
		case !slices.Contains(servers, s.Server):
			return fmt.Errorf("%s: %w", s.Server.Short(), ErrServer)
		case !v(s.Server, msg, s.Sig[:]):
			return fmt.Errorf("%s: %w", s.Server.Short(), ErrSignature)
		}
	}
	if 2*len(signed) <= len(servers) {
		return ErrQuorum
	}
	return nil
}
