package lint

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// sortedMark excuses a range over a map: the rest of the line says why its
// order cannot reach the output.
const sortedMark = "//lint:sorted"

// Core reports what a core package must not contain: goroutines, channels,
// select, and a map's order where it could reach the output.
func Core(s *Source) []Finding {
	var fs []Finding
	say := func(n ast.Node, rule, text string) {
		fs = append(fs, Finding{s.at(n.Pos()), rule, text})
	}
	for _, f := range s.Files {
		excused := s.marks(f, sortedMark)
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				say(n, "goroutine", "a core starts no goroutine; use an injected parallel(n, func(i))")
			case *ast.SelectStmt:
				say(n, "channel", "a core has no select")
			case *ast.ChanType:
				say(n, "channel", "a core has no channel")
			case *ast.SendStmt:
				say(n, "channel", "a core sends on no channel")
			case *ast.RangeStmt:
				if !isMap(s.Info.TypeOf(n.X)) || excused[s.line(n.Pos())] {
					break
				}
				say(n, "map order", fmt.Sprintf("ranges over a map: sort the keys first, or say %s and why", sortedMark))
			case *ast.CallExpr:
				name := mapsCall(s.Info, n)
				if name == "" || excused[s.line(n.Pos())] {
					break
				}
				if !s.wrapped[n] {
					say(n, "map order", fmt.Sprintf("maps.%s gives a random order: wrap it in slices.Sorted, or say %s and why", name, sortedMark))
				}
			}
			return true
		})
	}
	return sorted(fs)
}

func isMap(t types.Type) bool {
	if t == nil {
		return false
	}
	_, ok := t.Underlying().(*types.Map)
	return ok
}

// mapsCall names the function when call is maps.Keys, Values or All.
func mapsCall(info *types.Info, call *ast.CallExpr) string {
	pkg, name := callee(info, call)
	if pkg == "maps" && (name == "Keys" || name == "Values" || name == "All") {
		return name
	}
	return ""
}

// callee gives the package path and name of a called package function.
func callee(info *types.Info, call *ast.CallExpr) (pkg, name string) {
	fun := ast.Unparen(call.Fun)
	if ix, ok := fun.(*ast.IndexExpr); ok {
		fun = ix.X
	}
	sel, ok := fun.(*ast.SelectorExpr)
	if !ok {
		return "", ""
	}
	obj := info.Uses[sel.Sel]
	if obj == nil || obj.Pkg() == nil {
		return "", ""
	}
	return obj.Pkg().Path(), obj.Name()
}

// sortedArguments finds the calls that stand directly inside slices.Sorted*.
func sortedArguments(info *types.Info, files []*ast.File) map[ast.Node]bool {
	in := make(map[ast.Node]bool)
	for _, f := range files {
		ast.Inspect(f, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			if pkg, name := callee(info, call); pkg == "slices" && strings.HasPrefix(name, "Sorted") {
				for _, a := range call.Args {
					in[ast.Unparen(a)] = true
				}
			}
			return true
		})
	}
	return in
}

// marks gives the lines that a comment starting with mark, followed by a
// reason, excuses: its own and the next.
func (s *Source) marks(f *ast.File, mark string) map[int]bool {
	lines := make(map[int]bool)
	for _, g := range f.Comments {
		for _, c := range g.List {
			reason, ok := strings.CutPrefix(c.Text, mark)
			if !ok || strings.TrimSpace(reason) == "" {
				continue
			}
			line := s.line(c.Pos())
			lines[line], lines[line+1] = true, true
		}
	}
	return lines
}

func (s *Source) line(p token.Pos) int { return s.Fset.Position(p).Line }
