package lumpbench

import (
	"context"
	"io"
	"slices"
	"testing"
	"time"
)

// TestRun: every part once, small.
func TestRun(t *testing.T) {
	r, err := Run(t.Context(), Options{Dir: t.TempDir(), Bytes: 6 << 20, Repeat: 1, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"import_mb_s", "stream_mb_s", "bitswap_mb_s", "stream_over_plain", "stream_over_stored", "four_providers_ratio", "get_p99_us_1k"} {
		if r.Figures[name] <= 0 {
			t.Errorf("%s = %v", name, r.Figures[name])
		}
	}
	if r.Reference["plain_mb_s"] <= 0 || len(r.Order) != len(r.Figures)+len(r.Reference) {
		t.Errorf("%+v", r)
	}
}

// TestContentDiffers: no two blocks are equal, and the size is as asked for.
func TestContentDiffers(t *testing.T) {
	b, err := io.ReadAll(newContent(1, 3*block+5))
	if err != nil || len(b) != 3*block+5 {
		t.Fatalf("%d bytes, %v", len(b), err)
	}
	if string(b[:block]) == string(b[block:2*block]) {
		t.Fatal("two blocks are equal")
	}
}

func benchWays(b *testing.B, transport, name string) {
	x := &bench{Options: Options{Dir: b.TempDir(), Bytes: 256 << 20, Transport: transport, Rest: 4 * time.Second, Tell: func(string) {}}}
	p, err := x.newPair(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	defer p.close()
	run := map[string]func(context.Context) (time.Duration, error){
		"plain": x.plain(p), "stored": x.stored(p), "stream": x.over(p, true), "bitswap": x.over(p, false),
	}[name]
	if _, err := run(b.Context()); err != nil { // the first time is another matter
		b.Fatal(err)
	}
	var all []time.Duration
	for b.Loop() {
		d, err := run(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, d)
	}
	slices.Sort(all)
	b.ReportMetric(x.speed(all[len(all)/2]), "MB/s")
}

func BenchmarkTransfer(b *testing.B) {
	for _, transport := range []string{"quic", "tcp"} {
		for _, name := range []string{"plain", "stored", "stream", "bitswap"} {
			b.Run(transport+"/"+name, func(b *testing.B) { benchWays(b, transport, name) })
		}
	}
}
