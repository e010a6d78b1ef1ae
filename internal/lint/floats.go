package lint

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
)

// exact lists the math functions that give the same bits on every CPU: they
// are exactly rounded, or only move bits.
var exact = []string{
	"Sqrt", "Floor", "Ceil", "Trunc", "Abs", "FMA", "Copysign", "Signbit", "IsNaN", "IsInf", "Inf", "NaN",
	"Float32bits", "Float32frombits", "Float64bits", "Float64frombits",
}

// Floats reports expressions whose result differs between CPUs: a product
// that the compiler may fuse with an addition (it does on arm64), and the
// standard functions that have assembly versions.
//
// It sees products that stand directly under + or -; a product kept in a
// variable first can be fused too, which only the disassembly shows.
func Floats(s *Source) []Finding {
	var fs []Finding
	for _, f := range s.Files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BinaryExpr:
				if n.Op == token.ADD || n.Op == token.SUB {
					fs = append(fs, s.bareProduct(n.X)...)
					fs = append(fs, s.bareProduct(n.Y)...)
				}
			case *ast.AssignStmt:
				if n.Tok == token.ADD_ASSIGN || n.Tok == token.SUB_ASSIGN {
					fs = append(fs, s.bareProduct(n.Rhs[0])...)
				}
			case *ast.SelectorExpr:
				obj, ok := s.Info.Uses[n.Sel].(*types.Func)
				if ok && obj.Pkg() != nil && obj.Pkg().Path() == "math" && !slices.Contains(exact, obj.Name()) {
					fs = append(fs, Finding{s.at(n.Pos()), "math",
						fmt.Sprintf("math.%s differs between CPUs; use spatial/det", obj.Name())})
				}
			}
			return true
		})
	}
	return sorted(fs)
}

func (s *Source) bareProduct(e ast.Expr) []Finding {
	e = ast.Unparen(e)
	if u, ok := e.(*ast.UnaryExpr); ok && (u.Op == token.SUB || u.Op == token.ADD) {
		return s.bareProduct(u.X)
	}
	b, ok := e.(*ast.BinaryExpr)
	if !ok || b.Op != token.MUL {
		return nil
	}
	tv := s.Info.Types[b]
	if tv.Value != nil || !isFloat(tv.Type) {
		return nil
	}
	return []Finding{{s.at(b.Pos()), "fused",
		fmt.Sprintf("a product under + or - may be fused: write %s(x*y)", tv.Type)}}
}

func isFloat(t types.Type) bool {
	if t == nil {
		return false
	}
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&(types.IsFloat|types.IsComplex) != 0
}
