package spdx

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestFree(t *testing.T) {
	if !slices.IsSorted(free) {
		t.Fatal("the table is not sorted: the search would miss some")
	}
	for s, want := range map[string]bool{
		"MIT": true, "mit": true, "AGPL-3.0-or-later": true, "GPL-2.0+": true, "GPL-3.0-only WITH Classpath-exception-2.0": true,
		"MIT OR LicenseRef-Mine": true, "MIT AND LicenseRef-Mine": false, "LicenseRef-Mine": false, "BUSL-1.1": false,
		"(MIT OR LicenseRef-A) AND (LicenseRef-B OR ISC)": true, "MIT AND (LicenseRef-A OR LicenseRef-B)": false,
		"LicenseRef-A AND LicenseRef-B OR MIT": true, // AND binds closer
		"":                                     false, "MIT OR": false, "(MIT": false, "MIT)": false, "MIT ISC": false, "all rights reserved": false,
	} {
		if Free(s) != want {
			t.Errorf("%q: %v", s, !want)
		}
	}
}

func TestCheck(t *testing.T) {
	for _, s := range []string{"", "AND", "MIT AND", "MIT WITH", "MIT WITH AND", "()", "(MIT", "MIT)", "a b", "M\tT", "é", "MIT;",
		strings.Repeat("(", 9) + "MIT" + strings.Repeat(")", 9), strings.Repeat("x", MaxExpr+1)} {
		if err := Check(s); !errors.Is(err, ErrExpr) {
			t.Errorf("%q: %v", s, err)
		}
	}
	for _, s := range []string{"MIT", "  MIT  ", "DocumentRef-spdx:LicenseRef-1", strings.Repeat("(", 8) + "MIT" + strings.Repeat(")", 8)} {
		if err := Check(s); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	}
}

func FuzzCheck(f *testing.F) {
	for _, s := range []string{"MIT", "(A OR B) AND C WITH D", "((", "A+ OR B"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if Free(s) && Check(s) != nil {
			t.Error("free, and no expression")
		}
	})
}
