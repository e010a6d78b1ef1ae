package raysim

import "runtime"

// meter measures what a stretch of time costs.
type meter struct {
	at    int64
	cpu   int64
	bytes []uint64
	msgs  []uint32
	kinds [MaxKinds]Traffic
	nodes []int32
}

// Cost is per node and second of simulated time.
type Cost struct {
	Bytes    float64 // sent, without framing
	Bytes95  float64
	BytesMax float64
	Messages float64
	CPU      float64 // processor time of the whole process, µs
	Kinds    map[string]Traffic
	Seconds  float64
}

func (w *World) startMeter() *meter {
	m := &meter{at: w.Now(), kinds: w.Traffic(), nodes: w.Living()}
	m.bytes, m.msgs = make([]uint64, len(m.nodes)), make([]uint32, len(m.nodes))
	for k, i := range m.nodes {
		m.msgs[k], m.bytes[k] = w.Sent(i)
	}
	runtime.GC()
	m.cpu = cpuTime()
	return m
}

// stop gives the cost since the start, over the nodes that lived then.
func (m *meter) stop(w *World) Cost {
	cpu := cpuTime() - m.cpu
	c := Cost{Seconds: float64(w.Now()-m.at) / float64(Second), Kinds: map[string]Traffic{}}
	var bytes []float64
	messages := 0.0
	for k, i := range m.nodes {
		n, b := w.Sent(i)
		bytes = append(bytes, float64(b-m.bytes[k])/c.Seconds)
		messages += float64(n - m.msgs[k])
	}
	n := float64(max(len(m.nodes), 1))
	c.Messages = messages / c.Seconds / n
	c.CPU = float64(cpu) / 1000 / c.Seconds / n
	c.Bytes, c.Bytes95, c.BytesMax = meanOf(bytes), quantileOf(bytes, 0.95), quantileOf(bytes, 1)
	now := w.Traffic()
	for k, name := range w.cfg.Protocol.Kinds() {
		c.Kinds[name] = Traffic{now[k].Messages - m.kinds[k].Messages, now[k].Bytes - m.kinds[k].Bytes}
	}
	return c
}

// liveHeap is what is reachable, bytes.
func liveHeap() float64 {
	runtime.GC()
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	return float64(s.HeapAlloc)
}
