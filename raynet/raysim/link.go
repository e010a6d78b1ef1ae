package raysim

// Link is how messages travel. Every pair of nodes has a latency of its own,
// drawn by hash from a mix like that of homes on several continents.
type Link struct {
	// Min is the least latency one way, ns; it is also the length of a
	// window, at most 16 ms. Max is the largest.
	Min, Max int64
	// Jitter is the part of a pair's latency that comes and goes over
	// seconds. It changes so slowly that messages of a pair keep their order.
	Jitter float64
	// Loss is the chance that a packet is lost. A stream sends it again:
	// the message is late, not gone.
	Loss float64
	// Datagrams makes messages of that class vanish when lost.
	Datagrams bool
	// FailAfter is how long after a message would have arrived at a silent
	// node its sender hears EvSendFailed. A node that has left refuses at
	// once.
	FailAfter int64
}

// DefaultLink is 10 to 150 ms one way, half below 45 ms, with 1 % of loss.
func DefaultLink() Link {
	return Link{Min: 10 * Millisecond, Max: 150 * Millisecond, Jitter: 0.2, Loss: 0.01, FailAfter: 5 * Second}
}

// mix gives (quantile, part of the way from Min to Max) of the latencies.
var mix = [...][2]float64{{0, 0}, {0.2, 0.07}, {0.5, 0.25}, {0.8, 0.57}, {0.95, 0.86}, {1, 1}}

func quantile(u float64) float64 {
	for i := 1; i < len(mix); i++ {
		if a, b := mix[i-1], mix[i]; u <= b[0] {
			return a[1] + (b[1]-a[1])*(u-a[0])/(b[0]-a[0])
		}
	}
	return 1
}

// Base is the latency of a pair without jitter, the same both ways.
func (l *Link) Base(seed uint64, a, b int32) int64 {
	if a > b {
		a, b = b, a
	}
	u := unit(hash(seed, 1, uint64(uint32(a))<<32|uint64(uint32(b))))
	return l.Min + int64(quantile(u)*float64(l.Max-l.Min))
}

// delay is how long a message takes; lost says that it never arrives.
func (l *Link) delay(seed uint64, from, to int32, seq uint32, c Class, now int64) (d int64, lost bool) {
	d = l.Base(seed, from, to)
	if l.Jitter > 0 {
		pair := uint64(uint32(from))<<32 | uint64(uint32(to))
		slot, part := now/Second, float64(now%Second)/float64(Second)
		j := unit(hash(seed, pair, uint64(slot)))*(1-part) + unit(hash(seed, pair, uint64(slot+1)))*part
		d += int64(j * l.Jitter * float64(d))
	}
	if l.Loss > 0 {
		h := hash(seed, 2, uint64(uint32(from))<<32|uint64(seq))
		again := max(200*Millisecond, 3*d)
		for unit(h) < l.Loss {
			if c == Datagram && l.Datagrams {
				return 0, true
			}
			d += again
			again *= 2
			h = hash(seed, 3, h)
		}
	}
	return d, false
}

// hash mixes three words (the finaliser of SplitMix64, Steele and others 2014,
// applied in turn).
func hash(a, b, c uint64) uint64 {
	return mix64(mix64(mix64(a+0x9e3779b97f4a7c15)+b) + c)
}

func mix64(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// unit maps a hash to [0, 1).
func unit(h uint64) float64 { return float64(h>>11) / (1 << 53) }
