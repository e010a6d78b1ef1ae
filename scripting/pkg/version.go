package pkg

import (
	"cmp"
	"fmt"
	"strings"
)

// Version is a semantic version (semver.org, 2.0.0) without build metadata: two
// texts that mean the same version would be two names for one thing.
type Version struct {
	Major, Minor, Patch uint64
	Pre                 string // "" for a release proper
}

// ParseVersion reads exactly what String writes.
func ParseVersion(s string) (Version, error) {
	bad := func(why string) (Version, error) {
		return Version{}, fmt.Errorf("%w: version %q: %s", ErrManifest, clip(s), why)
	}
	if len(s) > MaxVersion {
		return bad(fmt.Sprintf("more than %d bytes", MaxVersion))
	}
	core, pre, hasPre := strings.Cut(s, "-")
	parts := strings.Split(core, ".")
	if len(parts) != 3 {
		return bad("want MAJOR.MINOR.PATCH, as 1.0.0")
	}
	v := Version{Pre: pre}
	for i, to := range []*uint64{&v.Major, &v.Minor, &v.Patch} {
		n, ok := number(parts[i])
		if !ok {
			return bad("want MAJOR.MINOR.PATCH, as 1.0.0")
		}
		*to = n
	}
	if !hasPre {
		return v, nil
	}
	for _, id := range strings.Split(pre, ".") {
		if id == "" || strings.ContainsFunc(id, func(r rune) bool {
			return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-'
		}) {
			return bad("the part after the dash is not of letters, digits and dashes between dots")
		}
		if _, ok := number(id); !ok && digits(id) {
			return bad("a number with a leading zero, or too large")
		}
	}
	return v, nil
}

// String is the canonical text.
func (v Version) String() string {
	s := fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch)
	if v.Pre != "" {
		s += "-" + v.Pre
	}
	return s
}

// Compare orders by precedence (semver.org, 11).
func (v Version) Compare(o Version) int {
	if c := cmp.Or(cmp.Compare(v.Major, o.Major), cmp.Compare(v.Minor, o.Minor), cmp.Compare(v.Patch, o.Patch)); c != 0 {
		return c
	}
	switch {
	case v.Pre == o.Pre:
		return 0
	case v.Pre == "":
		return 1
	case o.Pre == "":
		return -1
	}
	a, b := strings.Split(v.Pre, "."), strings.Split(o.Pre, ".")
	for i := range min(len(a), len(b)) {
		if c := comparePre(a[i], b[i]); c != 0 {
			return c
		}
	}
	return cmp.Compare(len(a), len(b))
}

func comparePre(a, b string) int {
	x, isX := number(a)
	y, isY := number(b)
	switch {
	case isX && isY:
		return cmp.Compare(x, y)
	case isX:
		return -1
	case isY:
		return 1
	}
	return strings.Compare(a, b)
}

// number reads decimal digits without a leading zero, below 10^15.
func number(s string) (n uint64, ok bool) {
	if !digits(s) || len(s) > 15 || len(s) > 1 && s[0] == '0' {
		return 0, false
	}
	for i := range len(s) {
		n = n*10 + uint64(s[i]-'0')
	}
	return n, true
}

func digits(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' })
}
