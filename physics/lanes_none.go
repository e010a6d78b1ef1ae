//go:build !(goexperiment.simd && amd64)

package physics

// hasLanes: this build solves contacts one after the other.
const hasLanes = false

func (b *bundle) prepareLanes([]row)             {}
func (b *bundle) warmLanes([]row)                {}
func (b *bundle) passLanes([]row, float32, bool) {}

func clearLanes() {}
