package bind

import (
	"fmt"
	"slices"
	"strings"

	"github.com/metatopia/metatopia/scripting/iface"
)

// Page writes the tables of an interface's page anew. A table stands below a
// line `<!-- functions -->`, or `<!-- functions: GROUP -->` when the description
// has groups; each group must have its table.
func Page(text string, i *iface.Interface) (string, error) {
	var groups []string
	for _, f := range i.Funcs {
		if !slices.Contains(groups, f.Group) {
			groups = append(groups, f.Group)
		}
	}
	for _, g := range groups {
		mark := "functions"
		if g != "" {
			mark += ": " + g
		}
		var err error
		if text, err = table(text, mark, functions(i, g)); err != nil {
			return "", fmt.Errorf("%s: %w", i.ID(), err)
		}
	}
	return text, nil
}

// functions is the table of a group.
func functions(i *iface.Interface, group string) []string {
	rows := []string{"| function | types | does |", "|---|---|---|"}
	for _, f := range i.Funcs {
		if f.Group != group {
			continue
		}
		params, result, _ := strings.Cut(f.Wasm(), ":")
		does := f.Does
		if f.Since > 1 {
			does += fmt.Sprintf(" (since revision %d)", f.Since)
		}
		rows = append(rows, fmt.Sprintf("| `%s` | `%s -> %s` | %s |", f.Text(), params, result, does))
	}
	return rows
}

// Index writes the tables of the first page of docs/interfaces anew.
func Index(text string, all []*iface.Interface) (string, error) {
	names := []string{"| interface | for whom | what it is |", "|---|---|---|"}
	for _, i := range all {
		var who []string
		for _, k := range i.Guests() {
			who = append(who, k+plural(k))
		}
		about := i.About
		if i.Deprecated != "" {
			about += fmt.Sprintf("; deprecated (%s): use %s", i.Deprecated, i.Instead)
		}
		names = append(names, fmt.Sprintf("| [%s](%s) | %s | %s |", i.ID(), PageName(i), strings.Join(who, ", "), about))
	}
	types := []string{"| type | WebAssembly | is |", "|---|---|---|"}
	for _, t := range iface.Types() {
		types = append(types, fmt.Sprintf("| `%s` | `%s` | %s |", t, t.Wasm(), t.Rule()))
	}
	codes := []string{"| code | name | meaning |", "|---|---|---|"}
	for _, c := range iface.Codes() {
		codes = append(codes, fmt.Sprintf("| %d | %s | %s |", c.Number, c.Name, c.Meaning))
	}
	for _, t := range []struct {
		mark string
		rows []string
	}{{"interfaces", names}, {"types", types}, {"codes", codes}} {
		var err error
		if text, err = table(text, t.mark, t.rows); err != nil {
			return "", err
		}
	}
	return text, nil
}

func plural(kind string) string {
	if kind == iface.Process {
		return "es"
	}
	return "s"
}

// PageName is the file of an interface in docs/interfaces.
func PageName(i *iface.Interface) string { return short(i) + ".md" }

// table replaces the rows below a mark.
func table(text, mark string, rows []string) (string, error) {
	mark = "<!-- " + mark + " -->"
	head, rest, ok := strings.Cut(text, mark+"\n")
	if !ok {
		return "", fmt.Errorf("no line %s", mark)
	}
	rest = strings.TrimPrefix(rest, "\n")
	for strings.HasPrefix(rest, "|") {
		_, rest, _ = strings.Cut(rest, "\n")
	}
	if rest = strings.TrimLeft(rest, "\n"); rest != "" {
		rest = "\n" + rest
	}
	return head + mark + "\n\n" + strings.Join(rows, "\n") + "\n" + rest, nil
}
