package mem_test

import (
	"testing"

	"github.com/metatopia/metatopia/lumps"
	"github.com/metatopia/metatopia/lumps/lumpstest"
	"github.com/metatopia/metatopia/lumps/mem"
)

func TestSuite(t *testing.T) {
	lumpstest.Run(t, lumpstest.Harness{
		Open: func(t *testing.T, max int64) lumps.Store { return mem.New(mem.Config{MaxBytes: max}) },
		Damage: func(t *testing.T, s lumps.Store, r lumps.Ref) {
			if !s.(*mem.Store).Damage(r) {
				t.Fatal("nothing to damage")
			}
		},
	})
}
