package arena

import "testing"

// BenchmarkStart is a memory that is taken, touched in two pages, and given
// back: empty ones, and ones with images as large as those of guests.
func BenchmarkStart(b *testing.B) {
	for _, c := range []struct {
		name          string
		size, content int
	}{{"tiny", 1 << 16, 0}, {"data", 1 << 16, 4 << 10}, {"lua", 2 << 16, 52 << 10}, {"lua-mapped", 2 << 16, 65 << 10}, {"go", 37 << 16, 1160 << 10}} {
		b.Run(c.name, func(b *testing.B) {
			a := New(0)
			var img *Image
			if c.content > 0 {
				mem := make([]byte, c.size)
				for i := range c.content {
					mem[i] = 1
				}
				img, _ = a.NewImage(mem, true, false)
			}
			touch := func(m *Memory) {
				m.Bytes()[5]++
				m.Bytes()[len(m.Bytes())-1]++
			}
			b.Run("fresh", func(b *testing.B) {
				for b.Loop() {
					m, err := a.Get(Spec{Size: uint64(c.size), Limit: 32 << 20, Image: img})
					if err != nil {
						b.Fatal(err)
					}
					touch(m)
					m.Free()
				}
			})
			b.Run("reset", func(b *testing.B) {
				m, err := a.Get(Spec{Size: uint64(c.size), Limit: 32 << 20, Image: img})
				if err != nil {
					b.Fatal(err)
				}
				for b.Loop() {
					touch(m)
					if !m.Reset(img, uint64(c.size)) {
						b.Fatal("no reset")
					}
				}
				m.Free()
			})
		})
	}
}
