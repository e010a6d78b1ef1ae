package lumpbench

import (
	"context"
	"io"
	"testing"
)

// TestRun: every part once, small.
func TestRun(t *testing.T) {
	r, err := Run(t.Context(), Options{Dir: t.TempDir(), Bytes: 6 << 20, Repeat: 1, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"import_mb_s", "stream_mb_s", "bitswap_mb_s", "stream_over_plain", "four_providers_ratio", "get_p99_us_1k"} {
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
	x := &bench{Options: Options{Dir: b.TempDir(), Bytes: 256 << 20, Transport: transport, Tell: func(string) {}}}
	p, err := x.newPair(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	defer p.close()
	way := map[string]func(context.Context) (d any, err error){}
	stream, bitswap, plain := x.over(p, true), x.over(p, false), x.plain(p)
	way["stream"] = func(c context.Context) (any, error) { return stream(c) }
	way["bitswap"] = func(c context.Context) (any, error) { return bitswap(c) }
	way["plain"] = func(c context.Context) (any, error) { return plain(c) }
	b.SetBytes(x.Bytes)
	for b.Loop() {
		if _, err := way[name](b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTransfer(b *testing.B) {
	for _, transport := range []string{"quic", "tcp"} {
		for _, name := range []string{"plain", "stream", "bitswap"} {
			b.Run(transport+"/"+name, func(b *testing.B) { benchWays(b, transport, name) })
		}
	}
}
