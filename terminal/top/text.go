package top

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/charmbracelet/x/ansi"
)

// clean makes text of others safe to show on one line: no controls, no
// formatting characters, no marks that stack, at most maxText bytes.
func clean(s string) string {
	if len(s) > maxText {
		s = s[:maxText]
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return '\u21b5'
		case r == '\t' || unicode.Is(unicode.Zs, r):
			return ' '
		case unicode.In(r, unicode.Mn, unicode.Me):
			return -1
		case !unicode.IsGraphic(r) || unicode.Is(unicode.Co, r):
			return '\ufffd'
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
}

// fit makes s exactly n cells wide; s may have styles.
func fit(s string, n int) string {
	if n <= 0 {
		return ""
	}
	s = ansi.Truncate(s, n, "\u2026")
	return s + strings.Repeat(" ", max(0, n-ansi.StringWidth(s)))
}

// short writes a number in at most five characters, in steps of base.
func short(n uint64, base float64) string {
	v, units := float64(n), "KMGTPE"
	if v < base {
		return fmt.Sprint(n)
	}
	unit := byte(0)
	for i := 0; i < len(units) && v >= base; i++ {
		v, unit = v/base, units[i]
	}
	if v < 10 {
		return fmt.Sprintf("%.1f%c", v, unit)
	}
	return fmt.Sprintf("%.0f%c", v, unit)
}

// clock is the time of day of an RFC 3339 time.
func clock(s string) string {
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t.Format("15:04:05")
	}
	return ansi.Truncate(clean(s), 8, "")
}
