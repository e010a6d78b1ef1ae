package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
)

// release is set by the build: -ldflags "-X main.release=v0.1.0".
var release string

// version is the release, else the revision that this was built from.
func version() string {
	if release != "" {
		return release
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	rev, dirty := "", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision" && len(s.Value) >= 12:
			rev = s.Value[:12]
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = "+changes"
		}
	}
	if rev == "" {
		return "devel"
	}
	return "devel-" + rev + dirty
}

type versionCmd struct{}

func (versionCmd) Run(e *environment) error {
	v := struct {
		Version string `json:"version"`
		Go      string `json:"go"`
		System  string `json:"system"`
	}{e.Version, runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH}
	return e.show(v, func(w io.Writer) { fmt.Fprintf(w, "metatopia %s (%s, %s)\n", v.Version, v.Go, v.System) })
}
