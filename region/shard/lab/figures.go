package lab

import "github.com/metatopia/metatopia/region/shard"

// Figures are what a benchmark reports of borders. All are the worst of the
// scenes named, over lags of 1, 3, 6 and 12 ticks of 60 Hz in shards that speak
// in every one, and of 3, 6 and 12 in shards that speak 20 times a second, as
// regions do.
type Figures struct {
	// MomentumErrorMax and EnergyRatioMax are of the scenes in which what is
	// measured is the border and not chance: two balls, a ball and a block,
	// balls from afar at up to 80 m/s of each other, a row of six, a pile.
	MomentumErrorMax float64
	EnergyRatioMax   float64
	// TowerTopDropMM is of the tower that is handed over and of the one of
	// which every other box stays the other region's.
	TowerTopDropMM float64
	// BytesPerBodyTick is the mean over all scenes of regions, of the bodies
	// awake that a neighbour knows of, at 20 ticks a second.
	BytesPerBodyTick float64
	// JumpMMMax and SpeedErrorMax are of balls that fly and roll over.
	JumpMMMax     float64
	SpeedErrorMax float64
	// The wall that breaks, at the worst lag, and one shard against itself
	// with the ball moved by a millimetre: m between bodies at the end.
	WallApart, WallApartFloor float64
	Handoffs, Doubled         int
	Results                   []Result
}

// networks are the lags at which everything is measured.
var networks = []Config{{Steps: 1, Lag: 1}, {Steps: 1, Lag: 3}, {Steps: 1, Lag: 6}, {Steps: 1, Lag: 12}, {Steps: 3, Lag: 1}, {Steps: 3, Lag: 2}, {Steps: 3, Lag: 4}}

// Measure runs all scenes, in some ten seconds of one core.
func Measure() (Figures, error) { return measure(networks) }

func measure(networks []Config) (Figures, error) {
	var f Figures
	bytes, told := 0, 0
	for _, s := range []Scene{Pair(0), Pair(1), Block(), Approach(), Cradle(), Pile(), Tower(false), Tower(true), Flight(), Roll(), Wall()} {
		for _, c := range networks {
			c.Cold = s.Name == "approach"
			r, err := Run(s, -1, c)
			if err != nil {
				return f, err
			}
			f.Results = append(f.Results, r)
			f.Handoffs += r.Counts.HandoffIn
			f.Doubled += r.Doubled
			if c.Steps == 3 {
				bytes, told = bytes+r.Counts.BodyBytes, told+r.Counts.Told
			}
			f.take(s.Name, &r)
		}
	}
	floor, err := Floor(Wall())
	if err != nil {
		return f, err
	}
	f.WallApartFloor = floor.Apart
	f.BytesPerBodyTick = float64(bytes) / float64(max(told, 1))
	return f, nil
}

func (f *Figures) take(scene string, r *Result) {
	switch scene {
	case "pair", "bounce", "block", "approach", "cradle", "pile":
		f.MomentumErrorMax = max(f.MomentumErrorMax, r.MomentumError)
		f.EnergyRatioMax = max(f.EnergyRatioMax, r.EnergyRatio)
	case "tower", "alternating tower":
		f.TowerTopDropMM = max(f.TowerTopDropMM, float64(1000*r.TopDrop))
	case "flight", "roll":
		f.JumpMMMax = max(f.JumpMMMax, float64(1000*r.Jump))
		f.SpeedErrorMax = max(f.SpeedErrorMax, r.SpeedError)
	case "wall":
		f.WallApart = max(f.WallApart, r.Apart)
	}
}

// Methods are what decision 0028 compares.
var Methods = []shard.Method{shard.Overwrite, shard.Overwrite | shard.Hold, shard.Compare, shard.Compare | shard.Arbiter, shard.Compare | shard.TakeOver}
