package assets

import (
	"bytes"
	"encoding/binary"
	"errors"
	"maps"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"github.com/metatopia/metatopia/lumps"
)

// bomb is a file made to cost its reader more than its sender.
type bomb struct {
	b    []byte
	want error // nil: it is good, only large
}

// with changes the document of the square.
func with(change func(doc obj)) []byte {
	doc, bin := square()
	change(doc)
	return glbOf(doc, bin)
}

func first(doc obj, list string) obj { return doc[list].([]obj)[0] }

func bombs() map[string]bomb {
	wide := jpegSample(8, 8)
	at := bytes.Index(wide, []byte{0xff, 0xc0})
	binary.BigEndian.PutUint16(wide[at+5:], 65535)
	binary.BigEndian.PutUint16(wide[at+7:], 65535)
	scans := jpegSample(8, 8)
	sosAt := bytes.Index(scans, []byte{0xff, 0xda})
	scan := scans[sosAt : len(scans)-2]
	scans = append(append(append([]byte{}, scans[:sosAt]...), bytes.Repeat(scan, 2)...), 0xff, 0xd9)
	canvas := append([]byte("RIFF....WEBPVP8X\x0a\x00\x00\x00\x10\x00\x00\x00\xff\x1f\x00\xff\x07\x00"), webpSample()[12:]...)
	binary.LittleEndian.PutUint32(canvas[4:], uint32(len(canvas)-8))
	animated := append([]byte("RIFF....WEBPVP8X\x0a\x00\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00"), webpSample()[12:]...)
	binary.LittleEndian.PutUint32(animated[4:], uint32(len(animated)-8))
	lossless := func(w, h uint32) []byte {
		b := webpSample()
		binary.LittleEndian.PutUint32(b[21:], w-1|(h-1)<<14)
		return b
	}
	all := map[string]bomb{
		"png of 100,000 x 100,000":       {pngOf(100_000, 100_000, 8, 6, 0, zeros(100)), ErrTooLarge},
		"png of 8192 x 8192":             {pngOf(8192, 8192, 8, 6, 0, zeros(100)), ErrTooLarge},
		"png of 4 G pixels a side":       {pngOf(1<<32-1, 1<<32-1, 16, 6, 1, zeros(100)), ErrTooLarge},
		"png with more data than pixels": {pngOf(16, 16, 8, 6, 0, zeros(1<<28)), ErrMalformed},
		"png with less data than pixels": {pngOf(4096, 4096, 8, 6, 0, zeros(1000)), ErrMalformed},
		"png of zeros, the largest":      {pngOf(4096, 4096, 8, 6, 0, zeros(4096*(4096*4+1))), nil},
		"png interlaced, 16 bits":        {pngOf(4096, 4096, 16, 6, 1, zeros(1000)), ErrMalformed},
		"png with a million chunks":      {append(append([]byte(pngMagic), pngSample(1, 1)[8:33]...), bytes.Repeat([]byte("\x00\x00\x00\x00tEXt\x00\x00\x00\x00"), 1<<20)...), ErrTooLarge},
		"jpeg of 65,535 x 65,535":        {wide, ErrTooLarge},
		"jpeg decoded twice":             {scans, ErrMalformed},
		"jpeg of too many passes":        {progressive(8, maxScans+1), ErrTooLarge},
		"jpeg of many passes":            {progressive(2048, maxScans), nil},
		"webp whose canvas is larger":    {canvas, ErrMalformed},
		"webp animated":                  {animated, ErrRefused},
		"webp of 16,384 x 16,384":        {lossless(16384, 16384), ErrTooLarge},
		"webp of 4096 x 4096 cut off":    {lossless(4096, 4096), nil}, // one colour: good
		"wav of 2 GiB in 44 bytes":       {func() []byte { b := wavSample()[:44]; binary.LittleEndian.PutUint32(b[40:], 1<<31); return b }(), ErrMalformed},
		"text of 2 MiB":                  {bytes.Repeat([]byte("a"), 2<<20), ErrTooLarge},
	}
	maps.Copy(all, glbBombs())
	return all
}

// glbBombs are those of one format, and quick to make.
func glbBombs() map[string]bomb {
	many := func(n int, part string) string { return strings.Repeat(part+",", n-1) + part }
	deep, cycle, two := []obj{}, []obj{}, []obj{{"children": []int{1}}, {"mesh": 0}, {"children": []int{1}}}
	for i := range maxNodeDepth + 1 {
		deep = append(deep, obj{"children": []int{i + 1}})
	}
	deep = append(deep, obj{"mesh": 0})
	for i := range 10 {
		cycle = append(cycle, obj{"mesh": 0, "children": []int{(i + 1) % 10}})
	}
	copies, places := []obj{}, []int{}
	for i := range maxNodes {
		copies, places = append(copies, obj{"mesh": 0}), append(places, i)
	}
	instanced := with(func(d obj) {
		doc := d
		doc["nodes"], first(doc, "scenes")["nodes"] = copies, places
	})
	return map[string]bomb{
		"glb of 4 G values":                {with(func(d obj) { first(d, "accessors")["count"] = uint32(1<<32 - 1) }), ErrTooLarge},
		"glb of 2^62 values":               {with(func(d obj) { first(d, "accessors")["count"] = int64(1) << 62 }), ErrTooLarge},
		"glb of minus one value":           {with(func(d obj) { first(d, "accessors")["count"] = -1 }), ErrTooLarge},
		"glb of values without bytes":      {with(func(d obj) { a := first(d, "accessors"); delete(a, "bufferView"); a["count"] = MaxIndices }), ErrMalformed},
		"glb of too many such":             {with(func(d obj) { d["accessors"] = zeroAccessors(100) }), ErrTooLarge},
		"glb with a view beyond its end":   {with(func(d obj) { first(d, "bufferViews")["byteOffset"] = int64(1) << 62 }), ErrMalformed},
		"glb with a view before its start": {with(func(d obj) { first(d, "bufferViews")["byteOffset"] = -8 }), ErrMalformed},
		"glb with a buffer of 2^40":        {with(func(d obj) { first(d, "buffers")["byteLength"] = int64(1) << 40 }), ErrMalformed},
		"glb with a file outside":          {with(func(d obj) { first(d, "buffers")["uri"] = "http://127.0.0.1/x" }), ErrRefused},
		"glb with an image outside":        {with(func(d obj) { d["images"] = []obj{{"uri": "../../etc/passwd"}} }), ErrRefused},
		"glb with an image in a loop":      {with(func(d obj) { d["images"] = []obj{{"bufferView": 0, "mimeType": "image/png"}} }), ErrRefused},
		"glb of nodes in a circle":         {with(func(d obj) { d["nodes"] = cycle }), ErrTooLarge},
		"glb of a node of two parents":     {with(func(d obj) { d["nodes"] = two }), ErrMalformed},
		"glb of nodes too deep":            {with(func(d obj) { d["nodes"] = deep }), ErrTooLarge},
		"glb shown 16,384 times":           {instanced, ErrTooLarge},
		"glb of a scene of one node":       {with(func(d obj) { first(d, "scenes")["nodes"] = []int{0, 0} }), ErrMalformed},
		"glb compressed":                   {with(func(d obj) { first(d, "meshes")["extensions"] = obj{"KHR_draco_mesh_compression": obj{}} }), ErrRefused},
		"glb that needs an extension":      {with(func(d obj) { d["extensionsRequired"] = []string{"EXT_surprise"} }), ErrRefused},
		"glb of a name twice":              {glbOf([]byte(`{"asset":{"version":"2.0"},"accessors":[{"count":4000000000,"co\u0075nt":1}]}`), nil), ErrMalformed},
		"glb of a name in capitals":        {glbOf([]byte(`{"asset":{"version":"2.0","VERSION":"2.0"}}`), nil), ErrMalformed},
		"glb of deep JSON":                 {glbOf([]byte(`{"extras":`+strings.Repeat("[", 9000)+strings.Repeat("]", 9000)+`}`), nil), ErrTooLarge},
		"glb of deeper JSON":               {glbOf([]byte(strings.Repeat(`{"a":`, 500_000)), nil), ErrMalformed},
		"glb of a million nodes":           {glbOf([]byte(`{"nodes":[`+many(1<<20, "{}")+`]}`), nil), ErrTooLarge},
		"glb of a million numbers":         {glbOf([]byte(`{"extras":[`+many(1<<20, "1")+`]}`), nil), ErrTooLarge},
		"glb of a long text":               {glbOf([]byte(`{"asset":{"version":"`+strings.Repeat("2", 5<<20)+`"}}`), nil), ErrTooLarge},
		"glb of nulls":                     {glbOf([]byte(`{"asset":{"version":"2.0"},"nodes":[null],"meshes":[null]}`), nil), ErrMalformed},
		"glb of empty meshes":              {with(func(d obj) { d["meshes"] = []obj{{"primitives": []obj{}}} }), ErrMalformed},
		"glb of a NaN":                     {nanGLB(), ErrMalformed},
		"glb of an index too high": {with(func(d obj) {
			a := first(d, "accessors")
			a["count"], a["bufferView"] = 3, 0
			d["meshes"].([]obj)[0]["primitives"].([]obj)[0]["attributes"] = obj{"POSITION": 0}
		}), ErrMalformed},
		"glb of a kind that is not known": {with(func(d obj) { first(d, "accessors")["componentType"] = 5130 }), ErrMalformed},
		"glb replaced backwards":          {with(func(d obj) { first(d, "accessors")["sparse"] = sparse(4) }), ErrMalformed},
		"glb replaced more than there is": {with(func(d obj) { first(d, "accessors")["sparse"] = sparse(1 << 30) }), ErrMalformed},
	}
}

// progressive is a JPEG of side x side pixels in full colour, with so many
// passes of some 20 bytes that each go over all blocks of a component and
// change nothing.
func progressive(side uint16, passes int) []byte {
	b := []byte{0xff, 0xd8, 0xff, 0xc2, 0, 17, 8}
	b = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(b, side), side)
	b = append(b, 3, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0)
	// One code, of one bit: "2^14 blocks and more are done".
	b = append(b, 0xff, 0xc4, 0, 20, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xe0)
	blocks := (int(side) + 7) / 8 * ((int(side) + 7) / 8)
	var data []byte
	acc, bits := 0, 0
	for ; blocks > 0; blocks -= 1<<14 + 0x2aaa {
		acc, bits = acc<<15|0x2aaa, bits+15
		for ; bits >= 8; bits -= 8 {
			data = append(data, byte(acc>>(bits-8)))
		}
	}
	data = append(data, byte(acc<<(8-bits)))
	for i := range passes {
		b = append(b, 0xff, 0xda, 0, 8, 1, byte(1+i%3), 0, 1, 63, 0)
		b = append(b, data...)
	}
	return append(b, 0xff, 0xd9)
}

func zeroAccessors(n int) []obj {
	out := []obj{}
	for range n {
		out = append(out, obj{"componentType": 5126, "count": MaxIndices, "type": "MAT4"})
	}
	return out
}

// sparse replaces by indices that lie in the index view: 0 1 2 0.
func sparse(n int) obj {
	return obj{"count": n, "indices": obj{"bufferView": 1, "componentType": 5123}, "values": obj{"bufferView": 0}}
}

func nanGLB() []byte {
	doc, bin := square()
	binary.LittleEndian.PutUint32(bin[60:], 0x7fc00000)
	return glbOf(doc, bin)
}

// slack is what the heap may hold beside what measure promised: the input in
// the test's hands, what encoding/json and zlib keep, garbage of small things.
const slack = 24 << 20

// Every bomb ends with its reason, and allocates in all, garbage included, no
// more than was measured before it was let in.
func TestBombs(t *testing.T) {
	for name, c := range bombs() {
		work := int64(0)
		l := check(New(Config{Lumps: shelf{}}))(t)
		if f, class, err := l.choose(c.b, ClassAny, ""); err == nil {
			work, _ = f.measure(c.b, class)
		}
		before := allocated()
		a, err := read(t, c.b, ClassAny)
		took := int64(allocated() - before)
		switch {
		case c.want == nil && err != nil, !errors.Is(err, c.want):
			t.Errorf("%s: %v, want %v", name, err, c.want)
		case err == nil && a.Form.Memory() > int64(len(c.b))*2+1<<20:
			t.Errorf("%s: holds %d bytes", name, a.Form.Memory())
		}
		if took > work+slack+2*int64(len(c.b)) {
			t.Errorf("%s: allocated %d bytes, measured %d", name, took, work)
		}
	}
}

func allocated() uint64 {
	s := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}

// The whole corpus at once, on four workers: the memory that all decoders
// together hold stays within what the gates let in, and every honest asset
// loads beside them.
func TestBombsTogether(t *testing.T) {
	files := shelf{}
	var refs []lumps.Ref
	add := func(b []byte) {
		r := lumps.Of(b)
		files[r] = b
		refs = append(refs, r)
	}
	for _, c := range bombs() {
		add(c.b)
	}
	for i := range 8 { // the largest that a good file may take
		add(pngOf(4096, 4096, 8, 6, 0, append(zeros(4096*(4096*4+1)), byte(i))))
	}
	// The collector lets the heap grow by a quarter of what is alive, not to
	// twice of it: the question is what is alive.
	defer debug.SetGCPercent(debug.SetGCPercent(25))
	runtime.GC()
	base := heap()
	l := check(New(Config{Lumps: files, Workers: 4}))(t)
	stop, peak := make(chan struct{}), make(chan uint64)
	go func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		most := uint64(0)
		for {
			select {
			case <-tick.C:
				most = max(most, heap())
			case <-stop:
				peak <- most
				return
			}
		}
	}()
	var handles []Handle
	for _, r := range refs {
		handles = append(handles, check(l.Open(Request{Ref: r}))(t))
	}
	for i, h := range handles {
		if _, err := l.Wait(t.Context(), h); err != nil && !lasting(err) {
			t.Errorf("file %d: %v", i, err)
		}
	}
	for name, b := range samples() {
		files := check(New(Config{Lumps: shelf{lumps.Of(b): b}}))(t)
		if _, err := files.Wait(t.Context(), check(files.Open(Request{Ref: lumps.Of(b)}))(t)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	close(stop)
	if got, most := int64(<-peak)-int64(base), int64(maxWork+maxFetched)*5/4; got > most {
		t.Errorf("the heap grew by %d MiB, at most %d are allowed", got>>20, most>>20)
	} else {
		t.Logf("the heap grew by %d MiB at most", got>>20)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

func heap() uint64 {
	s := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}
