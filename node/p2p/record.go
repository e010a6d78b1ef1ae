package p2p

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/peerstore"
	"github.com/libp2p/go-libp2p/core/record"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"github.com/metatopia/metatopia/internal/base"
)

// ErrRecord: an address record is not what its owner could have signed.
var ErrRecord = errors.New("p2p: bad address record")

// AddrRecord is this node's addresses as a signed libp2p peer record (libp2p
// RFC 0002 and 0003), at most limit bytes. The same bytes are given until the
// addresses change. It is nil when the node has no address yet.
func (n *Net) AddrRecord(limit int) ([]byte, error) {
	addrs := publish(n.host.Addrs())
	n.recMu.Lock()
	defer n.recMu.Unlock()
	if len(n.rec) > 0 && len(n.rec) <= limit && slices.EqualFunc(addrs, n.recAddrs, ma.Multiaddr.Equal) {
		return n.rec, nil
	}
	priv, err := privKey(n.cfg.Key)
	if err != nil {
		return nil, err
	}
	// One number for all attempts: only one of them is ever seen.
	seq := peer.TimestampSeq()
	for some := addrs; len(some) > 0; some = some[:len(some)-1] {
		env, err := record.Seal(&peer.PeerRecord{PeerID: n.host.ID(), Addrs: some, Seq: seq}, priv)
		if err != nil {
			return nil, fmt.Errorf("p2p: sign addresses: %w", err)
		}
		b, err := env.Marshal()
		if err != nil {
			return nil, fmt.Errorf("p2p: sign addresses: %w", err)
		}
		if len(b) <= limit {
			n.rec, n.recAddrs = b, addrs
			return b, nil
		}
	}
	return nil, nil
}

// publish puts the addresses in the order of their use to others and leaves
// out those that mean nothing elsewhere, unless there are no other.
func publish(addrs []ma.Multiaddr) []ma.Multiaddr {
	all := slices.DeleteFunc(slices.Clone(addrs), func(a ma.Multiaddr) bool { return !dialable(a) })
	slices.SortStableFunc(all, func(a, b ma.Multiaddr) int { return cmp.Compare(rank(a), rank(b)) })
	if i := slices.IndexFunc(all, func(a ma.Multiaddr) bool { return rank(a) == rankLoopback }); i > 0 {
		all = all[:i]
	}
	return all[:min(len(all), maxRecordAddrs)]
}

const (
	rankPublic = iota
	rankRelayed
	rankPrivate
	rankLoopback
)

func rank(a ma.Multiaddr) int {
	switch {
	case relayed(a):
		return rankRelayed
	case manet.IsIPLoopback(a):
		return rankLoopback
	case manet.IsPublicAddr(a):
		return rankPublic
	}
	return rankPrivate
}

func relayed(a ma.Multiaddr) bool {
	_, err := a.ValueForProtocol(ma.P_CIRCUIT)
	return err == nil
}

// dialable says that an address is an IP address with a transport of ours. A
// name to be resolved is not: whoever signs it would choose what this node
// asks its name server.
func dialable(a ma.Multiaddr) bool {
	if len(a) < 2 || manet.IsIPUnspecified(a) {
		return false
	}
	for _, c := range a {
		switch c.Protocol().Code {
		case ma.P_IP4, ma.P_IP6, ma.P_UDP, ma.P_TCP, ma.P_QUIC_V1, ma.P_P2P, ma.P_CIRCUIT:
		default:
			return false
		}
	}
	first := a[0].Protocol().Code
	return first == ma.P_IP4 || first == ma.P_IP6
}

// LearnRecord takes an address record of k into the address book, if k signed
// it and it is not older than the one there. It does not dial.
func (n *Net) LearnRecord(k base.Key, rec []byte) error {
	id, err := idOf(k)
	if err != nil {
		return err
	}
	env, pr, err := openRecord(id, rec)
	if err != nil {
		return err
	}
	cab, ok := peerstore.GetCertifiedAddrBook(n.host.Peerstore())
	if !ok {
		panic("p2p: invariant: the peerstore keeps signed records")
	}
	fresh, err := cab.ConsumePeerRecord(env, learnFor)
	if err != nil {
		return fmt.Errorf("p2p: addresses of %s: %w", k.Short(), err)
	}
	if !fresh && len(n.host.Peerstore().Addrs(id)) == 0 {
		// The book remembers that it had a newer record, but no longer what
		// was in it: an old address is better than none.
		n.host.Peerstore().AddAddrs(id, pr.Addrs, learnFor)
	}
	return nil
}

// openRecord checks all that can be checked about a record without dialling.
func openRecord(id peer.ID, b []byte) (*record.Envelope, *peer.PeerRecord, error) {
	env, r, err := record.ConsumeEnvelope(b, peer.PeerRecordEnvelopeDomain)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrRecord, err)
	}
	pr, ok := r.(*peer.PeerRecord)
	switch {
	case !ok:
		return nil, nil, fmt.Errorf("%w: not of a peer", ErrRecord)
	case pr.PeerID != id || !id.MatchesPublicKey(env.PublicKey):
		return nil, nil, fmt.Errorf("%w: signed by another", ErrRecord)
	case len(pr.Addrs) > maxRecordAddrs:
		return nil, nil, fmt.Errorf("%w: %d addresses, at most %d", ErrRecord, len(pr.Addrs), maxRecordAddrs)
	}
	for _, a := range pr.Addrs {
		if !dialable(a) {
			return nil, nil, fmt.Errorf("%w: address %s", ErrRecord, a)
		}
	}
	return env, pr, nil
}
