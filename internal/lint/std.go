package lint

import "slices"

// pure lists the standard packages a core may import: functions of their
// arguments, with nothing read from the machine.
var pure = []string{
	"bytes", "cmp", "container/heap", "crypto/sha256", "encoding/base32", "encoding/binary", "encoding/hex", "errors", "fmt",
	"hash", "hash/crc32", "hash/fnv", "iter", "maps", "math", "math/bits", "simd/archsimd", "slices", "sort", "strconv", "strings",
	"unicode", "unicode/utf8",
}

// reasons explains the imports that people reach for first.
var reasons = map[string]string{
	"context":      "a core never waits; the driver cancels by not calling",
	"crypto/rand":  "randomness comes from a seed in the config",
	"log":          "effects are values; the driver logs them",
	"log/slog":     "effects are values; the driver logs them",
	"math/rand":    "randomness comes from a seed in the config (base.Rand)",
	"math/rand/v2": "randomness comes from a seed in the config (base.Rand)",
	"net":          "messages come in as inputs and go out as effects",
	"os":           "a core reads no file, no environment and no clock",
	"reflect":      "encodings are written by hand, so that they cannot change with a type",
	"runtime":      "results must not depend on the machine",
	"sync":         "one goroutine calls a core at a time; the driver sees to it",
	"sync/atomic":  "one goroutine calls a core at a time; the driver sees to it",
	"time":         "time arrives as a tick or as nanoseconds in the input",
	"unsafe":       "results must not depend on the machine",
}

// impure gives the reason why a core may not import a standard package, or "".
func impure(path string) string {
	if slices.Contains(pure, path) {
		return ""
	}
	if why, ok := reasons[path]; ok {
		return why
	}
	return "not on the list of pure packages (internal/lint/std.go)"
}
