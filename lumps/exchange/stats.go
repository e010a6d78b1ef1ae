package exchange

import (
	"context"
	"math/bits"
	"sync/atomic"
	"time"

	"github.com/ipfs/go-cid"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/routing"
)

// Tally counts lumps and their bytes.
type Tally struct{ Lumps, Bytes int64 }

// Span describes times that were measured, to a factor of two.
type Span struct {
	Count    int64
	P50, P99 time.Duration
}

// Stats is what an exchange has done since it was made.
type Stats struct {
	Disk, Stream, Bitswap Tally // lumps that readers got, by where from
	Served                Tally // lumps sent on streams
	BitswapSent           int64 // bytes sent by bitswap

	Twice   int64 // bytes that came a second time
	Refused int64 // streams and wants of others that found no room
	Absent  int64 // wants of others for what is not here
	Stalled int64 // peers left because they did not send, or not read

	FirstByte Span // from the start of a read to the first lump of another node
	Lookup    Span // from asking routing to the first provider, or the end

	Peers []PeerStats // those with the most traffic, at most statPeers
}

// statPeers bounds Stats.Peers.
const statPeers = 32

// meters is the live form of Stats.
type meters struct {
	disk, stream, bitswap, served tally
	twice, refused, absent        atomic.Int64
	stalled                       atomic.Int64
	firstByte, lookup             spans
}

type tally struct{ lumps, bytes atomic.Int64 }

func (t *tally) add(n int) {
	t.lumps.Add(1)
	t.bytes.Add(int64(n))
}

func (t *tally) now() Tally { return Tally{t.lumps.Load(), t.bytes.Load()} }

// spans counts times by the power of two of their microseconds.
type spans struct{ n [40]atomic.Int64 }

func (s *spans) add(d time.Duration) {
	s.n[min(bits.Len64(uint64(max(d.Microseconds(), 0))), len(s.n)-1)].Add(1)
}

func (s *spans) now() Span {
	var n [len(s.n)]int64
	var out Span
	for i := range n {
		n[i] = s.n[i].Load()
		out.Count += n[i]
	}
	at := func(part int64) time.Duration {
		sum := int64(0)
		for i := range n {
			if sum += n[i]; sum*100 >= out.Count*part && out.Count > 0 {
				return time.Microsecond << i
			}
		}
		return 0
	}
	out.P50, out.P99 = at(50), at(99)
	return out
}

// Stats tells what the exchange has done so far.
func (x *Exchange) Stats() Stats {
	m := &x.meters
	s := Stats{
		Disk: m.disk.now(), Stream: m.stream.now(), Bitswap: m.bitswap.now(), Served: m.served.now(),
		Twice: m.twice.Load(), Refused: m.refused.Load(), Absent: m.absent.Load(),
		Stalled:   m.stalled.Load(),
		FirstByte: m.firstByte.now(), Lookup: m.lookup.now(),
		Peers: x.accounts.top(statPeers),
	}
	if st, err := x.bs.Stat(); err == nil {
		s.BitswapSent = int64(st.DataSent)
	}
	return s
}

// Counters adds the figures to those of a node, under names that begin with
// lumps_. Times are in microseconds.
func (s *Stats) Counters(to map[string]uint64) {
	for name, v := range map[string]int64{
		"disk": s.Disk.Lumps, "disk_bytes": s.Disk.Bytes,
		"stream": s.Stream.Lumps, "stream_bytes": s.Stream.Bytes,
		"bitswap": s.Bitswap.Lumps, "bitswap_bytes": s.Bitswap.Bytes,
		"served": s.Served.Lumps, "served_bytes": s.Served.Bytes, "bitswap_sent_bytes": s.BitswapSent,
		"twice_bytes": s.Twice, "refused": s.Refused, "absent": s.Absent, "stalled": s.Stalled,
		"first_byte_p50_us": s.FirstByte.P50.Microseconds(), "first_byte_p99_us": s.FirstByte.P99.Microseconds(),
		"lookups": s.Lookup.Count, "lookup_p50_us": s.Lookup.P50.Microseconds(), "lookup_p99_us": s.Lookup.P99.Microseconds(),
	} {
		to["lumps_"+name] += uint64(v)
	}
}

// timed measures how long routing takes to name somebody.
type timed struct {
	routing.ContentDiscovery
	spans *spans
}

func (t timed) FindProvidersAsync(ctx context.Context, c cid.Cid, most int) <-chan peer.AddrInfo {
	began := time.Now()
	in, out := t.ContentDiscovery.FindProvidersAsync(ctx, c, most), make(chan peer.AddrInfo)
	go func() {
		defer close(out)
		p, ok := <-in
		if ok || ctx.Err() == nil { // a search that was given up took no time
			t.spans.add(time.Since(began))
		}
		for ; ok; p, ok = <-in {
			select {
			case out <- p:
			case <-ctx.Done():
				for range in { // the searcher ends with ctx, too
				}
				return
			}
		}
	}()
	return out
}
