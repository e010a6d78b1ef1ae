package procbench

import (
	"context"
	"errors"

	"github.com/metatopia/metatopia/scripting/guest"
	"github.com/metatopia/metatopia/scripting/luabench"
)

// lua measures five small programs in Lua: the worst of them, over the lua5.4
// of this machine, and over the same driver without metering.
func (b *bench) lua(ctx context.Context) error {
	driver, _, _, err := guest.Open(guest.Lua)
	if errors.Is(err, guest.ErrNotBuilt) {
		b.Tell("lua: left out, the driver is not built in")
		return nil
	}
	if err != nil {
		return err
	}
	r, err := luabench.Measure(ctx, driver, b.Repeat)
	if err != nil {
		return err
	}
	b.report.Set("meter_ratio_lua", r.MeterRatio())
	if native := r.NativeRatio(); native > 0 {
		b.report.Set("lua_ratio_native", native)
	} else {
		b.Tell("lua: no lua5.4 to compare with")
	}
	return nil
}
