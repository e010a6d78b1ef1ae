package server

import "github.com/metatopia/metatopia/region"

// Furnish gives the founding things of a set by name: "hearth", "commons", or
// none for any other name.
func Furnish(name string) []region.ControlEntry { return nil }
