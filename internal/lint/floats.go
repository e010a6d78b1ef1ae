package lint

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"math"
	"slices"
)

// exact lists the math functions that give the same bits on every CPU: they
// are exactly rounded, or only move bits.
var exact = []string{
	"Sqrt", "Floor", "Ceil", "Trunc", "Abs", "FMA", "Copysign", "Signbit", "IsNaN", "IsInf", "Inf", "NaN",
	"Float32bits", "Float32frombits", "Float64bits", "Float64frombits",
}

// Floats reports expressions whose result differs between CPUs: a product
// that the compiler may fuse with an addition (it does on arm64), the standard
// functions that have assembly versions, and a float that is made an integer
// without being clamped.
//
// A product may be fused wherever it can reach a sum, also through a variable,
// a field or a call: so each stands in a conversion, in another product, in a
// quotient or in a comparison. A quotient by a power of two is a product too:
// the compiler makes it one.
func Floats(s *Source) []Finding {
	var fs []Finding
	for _, f := range s.Files {
		excused := s.marks(f, clampedMark)
		safe := map[ast.Expr]bool{}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BinaryExpr:
				if keeps(n.Op) {
					safe[strip(n.X)], safe[strip(n.Y)] = true, true
				}
				if (n.Op == token.MUL || n.Op == token.QUO && s.halves(n.Y)) && !safe[n] {
					fs = append(fs, s.bareProduct(n)...)
				}
			case *ast.CallExpr:
				fs = append(fs, s.conversion(n, safe, excused)...)
			case *ast.AssignStmt:
				if n.Tok == token.MUL_ASSIGN && isFloat(s.Info.TypeOf(n.Lhs[0])) {
					fs = append(fs, Finding{s.at(n.Pos()), "fused", "a product by *= may be fused: write x = float32(x*y)"})
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

// clampedMark excuses a conversion of a float to an integer: the rest of the
// line says why the value is in range.
const clampedMark = "//lint:clamped"

// keeps tells whether a product that is an operand of op cannot be fused there.
func keeps(op token.Token) bool {
	switch op {
	case token.MUL, token.QUO, token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
		return true
	}
	return false
}

// halves tells whether e is a constant by which the compiler multiplies instead
// of dividing.
func (s *Source) halves(e ast.Expr) bool {
	v := s.Info.Types[e].Value
	if v == nil {
		return false
	}
	f, _ := constant.Float64Val(constant.ToFloat(v))
	m, _ := math.Frexp(f)
	return math.Abs(m) == 0.5
}

// strip takes parentheses and signs off.
func strip(e ast.Expr) ast.Expr {
	for {
		e = ast.Unparen(e)
		u, ok := e.(*ast.UnaryExpr)
		if !ok || (u.Op != token.SUB && u.Op != token.ADD) {
			return e
		}
		e = u.X
	}
}

// conversion notes what a conversion to a float keeps apart, and reports one of
// a float to an integer that nothing bounds: out of range, CPUs differ.
func (s *Source) conversion(n *ast.CallExpr, safe map[ast.Expr]bool, excused map[int]bool) []Finding {
	to, ok := s.Info.Types[n.Fun]
	if !ok || !to.IsType() || len(n.Args) != 1 {
		return nil
	}
	if isFloat(to.Type) {
		safe[strip(n.Args[0])] = true
		return nil
	}
	from := s.Info.Types[n.Args[0]]
	if !isInteger(to.Type) || from.Value != nil || !isFloat(from.Type) || excused[s.line(n.Pos())] || clamped(n.Args[0]) {
		return nil
	}
	return []Finding{{s.at(n.Pos()), "range",
		fmt.Sprintf("out of range, CPUs differ: clamp before converting to %s, or say %s and why", to.Type, clampedMark)}}
}

// clamped tells whether e is bounded where it stands.
func clamped(e ast.Expr) bool {
	call, ok := strip(e).(*ast.CallExpr)
	if !ok {
		return false
	}
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name == "clamp" || (f.Name == "min" || f.Name == "max") && len(call.Args) == 2 && (clampedBy(call.Args[0]) || clampedBy(call.Args[1]))
	case *ast.SelectorExpr:
		return f.Sel.Name == "Clamp" || len(call.Args) == 1 && clamped(call.Args[0]) // Floor of a clamped value
	}
	return false
}

// clampedBy tells whether e is the other half of min(max(x, lo), hi).
func clampedBy(e ast.Expr) bool {
	call, ok := strip(e).(*ast.CallExpr)
	if !ok {
		return false
	}
	f, ok := call.Fun.(*ast.Ident)
	return ok && (f.Name == "min" || f.Name == "max")
}

func (s *Source) bareProduct(b *ast.BinaryExpr) []Finding {
	tv := s.Info.Types[b]
	if tv.Value != nil || !isFloat(tv.Type) {
		return nil
	}
	return []Finding{{s.at(b.Pos()), "fused",
		fmt.Sprintf("a product may be fused with a sum that it reaches: write %s(x*y)", tv.Type)}}
}

func isInteger(t types.Type) bool {
	if t == nil {
		return false
	}
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsInteger != 0
}

func isFloat(t types.Type) bool {
	if t == nil {
		return false
	}
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&(types.IsFloat|types.IsComplex) != 0
}
