package scripting

import (
	"fmt"
	"slices"
)

// Levels of a line, as mt:log@1 numbers them.
var levels = [...]string{"debug", "info", "warn", "error"}

const (
	levelDebug = iota
	levelInfo
	levelWarn
	levelError
)

// LevelOf gives the number of a level, the least for "".
func LevelOf(name string) (int, error) {
	if name == "" {
		return levelDebug, nil
	}
	if i := slices.Index(levels[:], name); i >= 0 {
		return i, nil
	}
	return 0, fmt.Errorf("no log level is called %q: debug, info, warn or error", name)
}
