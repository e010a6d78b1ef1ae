//go:build !linux

package luabench

import "time"

var began = time.Now()

func cpu() time.Duration { return time.Since(began) }
