package iface

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// maxText bounds a description; the longest is some 5 KB.
const maxText = 64 << 10

// Parse reads a description.
func Parse(text string) (*Interface, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("%d bytes, at most %d", len(text), maxText)
	}
	i := &Interface{Revision: 1}
	group := ""
	for n, line := range strings.Split(text, "\n") {
		var err error
		switch {
		case strings.TrimSpace(line) == "" || line[0] == '#':
		case i.Name == "":
			err = i.head(line)
		case strings.HasPrefix(line, "  "):
			err = i.does(strings.TrimSpace(line))
		case strings.HasPrefix(line, "= "):
			group = strings.TrimSpace(line[2:])
			err = checkName(group)
		case len(i.Funcs) == 0 && group == "" && !isFunc(line):
			err = i.about(line)
		default:
			err = i.function(line, group)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n+1, err)
		}
	}
	return i, i.check()
}

// isFunc tells a function from a line of the top: what stands before the
// parenthesis is one word.
func isFunc(line string) bool {
	name, _, ok := strings.Cut(line, "(")
	return ok && checkName(name) == nil
}

func (i *Interface) head(line string) error {
	name, version, ok := strings.Cut(strings.TrimSpace(line), "@")
	n, err := strconv.ParseUint(version, 10, 16)
	short, mt := strings.CutPrefix(name, "mt:")
	if !ok || err != nil || n == 0 || !mt || checkName(short) != nil {
		return fmt.Errorf("%q is not mt:NAME@N", line)
	}
	i.Name, i.Version = name, int(n)
	return nil
}

func (i *Interface) about(line string) error {
	key, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimSpace(rest)
	var err error
	switch key {
	case "about":
		i.About = rest
	case "for":
		i.For, err = kindList(strings.Fields(rest))
	case "deprecated":
		i.Deprecated = rest
	case "instead":
		i.Instead = rest
	case "codes":
		for _, name := range strings.Fields(rest) {
			c, ok := codeOf(name)
			if !ok {
				return fmt.Errorf("no code %q", name)
			}
			i.Codes = append(i.Codes, c)
		}
	case "export":
		call, need, ok := strings.Cut(rest, ") ")
		if !ok || need != "must" && need != "or" && need != "may" {
			return fmt.Errorf("an export is `export NAME(...) must|or|may`")
		}
		e := Export{Need: need}
		e.Name, e.Params, err = call1(call)
		i.Exports = append(i.Exports, e)
	default:
		return fmt.Errorf("%q is nothing that a description has", key)
	}
	return err
}

func kindList(words []string) ([]string, error) {
	for _, w := range words {
		if !slices.Contains(kinds, w) {
			return nil, fmt.Errorf("%q is no kind of guest", w)
		}
	}
	if len(words) == 0 {
		return nil, fmt.Errorf("for nobody")
	}
	return words, nil
}

// call1 reads "name(a: t, b: t", without the closing parenthesis.
func call1(s string) (name string, ps []Param, err error) {
	name, list, ok := strings.Cut(s, "(")
	if err := checkName(name); err != nil || !ok {
		return "", nil, fmt.Errorf("%q is no function", s)
	}
	if strings.TrimSpace(list) == "" {
		return name, nil, nil
	}
	for _, p := range strings.Split(list, ",") {
		pn, t, ok := strings.Cut(strings.TrimSpace(p), ": ")
		r, known := ruleOf(Type(t))
		if !ok || !known || !r.param {
			return "", nil, fmt.Errorf("parameter %q of %s", p, name)
		}
		if err := checkName(pn); err != nil {
			return "", nil, err
		}
		if slices.ContainsFunc(ps, func(q Param) bool { return q.Name == pn }) {
			return "", nil, fmt.Errorf("%s has %s twice", name, pn)
		}
		ps = append(ps, Param{pn, Type(t)})
	}
	return name, ps, nil
}

func (i *Interface) function(line, group string) error {
	call, rest, ok := strings.Cut(line, ")")
	if !ok {
		return fmt.Errorf("%q is no function", line)
	}
	f := Func{For: i.For, Since: 1, Group: group}
	var err error
	if f.Name, f.Params, err = call1(call); err != nil {
		return err
	}
	words := strings.Fields(rest)
	for len(words) > 0 {
		key := words[0]
		words = words[1:]
		end := slices.IndexFunc(words, func(w string) bool { return w == "->" || w == "for" || w == "since" })
		if end < 0 {
			end = len(words)
		}
		args := words[:end]
		words = words[end:]
		switch {
		case key == "->" && len(args) == 1:
			r, known := ruleOf(Type(args[0]))
			if !known || !r.result {
				return fmt.Errorf("result %q of %s", args[0], f.Name)
			}
			f.Result = Type(args[0])
		case key == "for":
			if f.For, err = kindList(args); err != nil {
				return err
			}
		case key == "since" && len(args) == 1:
			if f.Since, err = strconv.Atoi(args[0]); err != nil || f.Since < 1 || f.Since > 1<<15 {
				return fmt.Errorf("since %q of %s", args[0], f.Name)
			}
			i.Revision = max(i.Revision, f.Since)
		default:
			return fmt.Errorf("%q after %s", key, f.Name)
		}
	}
	if _, twice := i.Func(f.Name); twice {
		return fmt.Errorf("%s twice", f.Name)
	}
	i.Funcs = append(i.Funcs, f)
	return nil
}

func (i *Interface) does(line string) error {
	if len(i.Funcs) == 0 {
		return fmt.Errorf("an indented line before the first function")
	}
	f := &i.Funcs[len(i.Funcs)-1]
	f.Does = strings.TrimSpace(f.Does + " " + line)
	return nil
}

func (i *Interface) check() error {
	switch {
	case i.Name == "":
		return fmt.Errorf("no name")
	case i.About == "":
		return fmt.Errorf("%s: no about", i.ID())
	case i.For == nil:
		return fmt.Errorf("%s: for whom?", i.ID())
	case (i.Instead != "") != (i.Deprecated != ""):
		return fmt.Errorf("%s: deprecated and instead go together", i.ID())
	}
	for _, f := range i.Funcs {
		if f.Does == "" {
			return fmt.Errorf("%s: what does %s do?", i.ID(), f.Name)
		}
	}
	return nil
}

// checkName wants a-z 0-9 _, beginning with a letter or _.
func checkName(s string) error {
	for n, c := range []byte(s) {
		if c != '_' && (c < 'a' || c > 'z') && (n == 0 || c < '0' || c > '9') {
			return fmt.Errorf("%q is no name", s)
		}
	}
	if s == "" || len(s) > 64 {
		return fmt.Errorf("%q is no name", s)
	}
	return nil
}
