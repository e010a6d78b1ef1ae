package procbench

import (
	"context"

	"github.com/metatopia/metatopia/scripting/meterbench"
)

// meter measures what metering costs loops of integers and of floats: the
// worst of several programs each, over the same as they are.
func (b *bench) meter(context.Context) error {
	integer, float, err := meterbench.Ratios()
	if err != nil {
		return err
	}
	b.report.Set("meter_ratio_int", integer)
	b.report.Set("meter_ratio_float", float)
	return nil
}
