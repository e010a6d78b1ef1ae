package assets

import (
	"encoding/json"
	"unicode"
	"unicode/utf8"
)

// scanJSON looks at the JSON of a GLB before it is decoded: depth, how many
// objects and values there are, and the names. Two names of one object that Go
// takes for the same (it ignores case) are refused, so that what was checked
// here is what a browser reads. It gives the memory that decoding may take, and
// whether there are images.
func scanJSON(b []byte) (work int64, images bool, err error) {
	if err := within("bytes of JSON", int64(len(b)), maxJSON); err != nil {
		return 0, false, err
	}
	if !json.Valid(b) {
		return 0, false, malformed("glb: not JSON")
	}
	// From here on the grammar can be relied on.
	var open []map[string]struct{}              // of names; nil for an array
	var spare [maxJSONDepth]map[string]struct{} // used again at each depth
	objs, items := int64(0), int64(0)
	key := false // the next string is a name
	for i := 0; i < len(b); i++ {
		switch b[i] {
		case '{', '[':
			if len(open) == maxJSONDepth {
				return 0, false, over("depth of JSON", maxJSONDepth+1, maxJSONDepth)
			}
			var names map[string]struct{}
			if b[i] == '{' {
				objs++
				if names = spare[len(open)]; names == nil {
					names = map[string]struct{}{}
					spare[len(open)] = names
				}
				clear(names)
			}
			open, key, items = append(open, names), b[i] == '{', items+1
		case '}', ']':
			open, key = open[:len(open)-1], false
		case ',':
			key, items = open[len(open)-1] != nil, items+1
		case '"':
			end := i + 1
			for ; b[end] != '"'; end++ {
				if b[end] == '\\' {
					end++
				}
			}
			if key {
				name, err := newName(open[len(open)-1], b[i:end+1])
				if err != nil {
					return 0, false, err
				}
				images = images || name == "IMAGES"
			}
			key, i = false, end
		}
		if objs > maxJSONObjs || items > maxJSONItems {
			return 0, false, over("values in JSON", max(objs, items), maxJSONItems)
		}
	}
	// A node has 416 bytes, a number that is not known 24, and every string is
	// copied; twice, since parts are decoded on their own.
	return 2 * (objs*512 + items*32 + int64(len(b))), images, nil
}

// newName adds a name to those of its object and gives it folded.
func newName(names map[string]struct{}, quoted []byte) (string, error) {
	var name string
	if json.Unmarshal(quoted, &name) != nil {
		return "", malformed("glb: a name in its JSON")
	}
	if len(names) == maxJSONKeys {
		return "", over("names in an object of JSON", maxJSONKeys+1, maxJSONKeys)
	}
	if why, ok := refusedExtensions[name]; ok {
		return "", refused("the extension %s: %s", name, why)
	}
	fold := make([]byte, 0, len(name))
	for _, r := range name {
		fold = utf8.AppendRune(fold, foldRune(r))
	}
	if _, twice := names[string(fold)]; twice {
		return "", malformed("glb: the name %q twice in one object", cleanName(name))
	}
	names[string(fold)] = struct{}{}
	return string(fold), nil
}

// foldRune gives the same rune for all that encoding/json takes for the same.
func foldRune(r rune) rune {
	for {
		r2 := unicode.SimpleFold(r)
		if r2 <= r {
			return r2
		}
		r = r2
	}
}

// refusedExtensions have bounds of their own that nothing here checks: what
// they unpack to is told by what they contain.
var refusedExtensions = map[string]string{
	"EXT_meshopt_compression":    "store the mesh without it",
	"KHR_meshopt_compression":    "store the mesh without it",
	"KHR_draco_mesh_compression": "store the mesh without it",
	"KHR_texture_basisu":         "use PNG, JPEG or WebP",
	"EXT_texture_avif":           "use PNG, JPEG or WebP",
	"EXT_mesh_gpu_instancing":    "repeat the nodes",
}
