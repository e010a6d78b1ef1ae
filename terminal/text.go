package terminal

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
)

// printable says whether r may reach a screen: no controls, no formatting
// characters (bidirectional overrides make one text look like another), no
// private or unassigned code points, whose width nobody knows.
func printable(r rune) bool {
	return r == ' ' || unicode.IsGraphic(r) && !unicode.Is(unicode.Zs, r) && !unicode.Is(unicode.Co, r)
}

// clean makes text of others safe to show: composed, without marks that stack,
// every unprintable character replaced, at most maxLogLine bytes.
func clean(s string) string {
	if len(s) > maxLogLine {
		s = s[:maxLogLine]
	}
	s = norm.NFC.String(strings.ToValidUTF8(s, "\ufffd"))
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\t' || r == '\n' || r == '\r' || unicode.Is(unicode.Zs, r):
			return ' '
		case unicode.In(r, unicode.Mn, unicode.Me), r == '\u200d', unicode.Is(unicode.Variation_Selector, r):
			return -1
		case !printable(r):
			return '\ufffd'
		}
		return r
	}, s)
	// What stood on both sides of a mark that went may compose now.
	s = norm.NFC.String(s)
	if len(s) <= maxLogLine {
		return s
	}
	// Replacements are longer than what they replace.
	end := maxLogLine
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end]
}

// name is clean and short, and never empty.
func name(s string) string {
	s = strings.TrimSpace(clean(s))
	if s == "" {
		return "somebody"
	}
	return cut(s, maxName)
}

// cells is how many cells r takes: 2 for the wide characters of East Asia and
// for emoji, which are wide too.
func cells(r rune) int {
	if r < 0x1100 {
		return 1
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

func textCells(s string) int {
	n := 0
	for _, r := range s {
		n += cells(r)
	}
	return n
}

// cut shortens s to n cells, with a mark where something is missing.
func cut(s string, n int) string {
	if textCells(s) <= n {
		return s
	}
	used := 0
	for i, r := range s {
		if used+cells(r) > n-1 {
			return s[:i] + "…"
		}
		used += cells(r)
	}
	return s
}

// wrap breaks s into rows of at most n cells, at spaces where it can; rows
// after the first are indented by two.
func wrap(s string, n int) []string {
	const indent = "  "
	var rows []string
	row, used := "", 0
	for _, word := range strings.SplitAfter(s, " ") {
		w := textCells(strings.TrimRight(word, " "))
		// A word that fits on no row is broken where this one ends.
		if used+w > n && w <= n-len(indent) && strings.TrimSpace(row) != "" {
			rows = append(rows, strings.TrimRight(row, " "))
			row, used = indent, len(indent)
		}
		for _, r := range word {
			if used+cells(r) > n {
				if r == ' ' {
					continue
				}
				rows = append(rows, row)
				row, used = indent, len(indent)
			}
			row += string(r)
			used += cells(r)
		}
	}
	return append(rows, strings.TrimRight(row, " "))
}
