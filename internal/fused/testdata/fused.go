// Package fused is what the fused-instruction check must find: products that a
// compiler may fuse. It is built only for its assembly.
package fused

func sum(x, y, z float32) float32 { return x*y + z }

func product(x, y float32) float32 { return x * y }

// Local shows that a variable does not keep a product apart.
func Local(x, y, z float32) float32 { t := x * y; return t + z }

// Inlined shows that a call does not either.
func Inlined(x, y, z float32) float32 { return product(x, y) + sum(x, y, z) }

// Wide does the same in float64.
func Wide(x, y, z float64) float64 { return x*y + z }
