package node

import (
	"bytes"
	"cmp"
	"compress/flate"
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/scripting/screen"
)

// Screen sends what a process shows.
func (b *backend) Screen(ctx context.Context, req *control.ScreenRequest, send func(*control.ScreenFrame) error) error {
	every := time.Second / time.Duration(cmp.Or(req.Rate, control.DefaultWatchRate))
	return screenError(b.procs.Watch(ctx, req.PID, every, func(f *screen.Frame) error {
		out, err := frameOf(f)
		if err != nil {
			return err
		}
		return send(out)
	}))
}

// ScreenAct tells a process what a person does at its screen.
func (b *backend) ScreenAct(_ context.Context, req *control.ScreenActRequest) error {
	for _, e := range req.Events {
		if err := b.procs.Act(req.PID, e); err != nil {
			return screenError(err)
		}
	}
	return nil
}

func screenError(err error) error {
	err = scriptError(err)
	if control.CodeOf(err) == control.NotFound {
		return control.Errorf(control.NotFound, "`metatopia ps` marks those that have a screen", "%w", err)
	}
	return err
}

var waveNames = [...]string{screen.Sine: "sine", screen.Square: "square", screen.Triangle: "triangle", screen.Saw: "saw", screen.Noise: "noise"}

func frameOf(f *screen.Frame) (*control.ScreenFrame, error) {
	out := &control.ScreenFrame{Whole: f.Whole, Title: f.Title, Cols: f.Cols, Rows: f.Rows, Width: f.Width, Height: f.Height}
	if f.Col >= 0 {
		out.Cursor = &control.ScreenCell{Col: f.Col, Row: f.Row}
	}
	for _, l := range f.Lines {
		out.Lines = append(out.Lines, control.ScreenLine{Row: l.Row, Runs: runsOf(l.Cells)})
	}
	for _, band := range f.Bands {
		packed, err := packRGB(band.Pix)
		if err != nil {
			return nil, err
		}
		out.Bands = append(out.Bands, control.ScreenBand{Y: band.Y, Rows: len(band.Pix) / (4 * f.Width), RGB: packed})
	}
	for _, s := range f.Sounds {
		t := control.ScreenSound{Stop: s.Stop, Hertz: s.Hertz, Volume: s.Volume, Seconds: s.Length, Rate: s.Rate, PCM: s.PCM}
		if !s.Stop && s.Rate == 0 {
			t.Wave = waveNames[s.Wave]
		}
		out.Sounds = append(out.Sounds, t)
	}
	return out, nil
}

// runsOf joins cells of one style.
func runsOf(cells []screen.Cell) []control.ScreenRun {
	var runs []control.ScreenRun
	for i := 0; i < len(cells); {
		style := cells[i].Style
		var text []rune
		for ; i < len(cells) && cells[i].Style == style; i++ {
			text = append(text, cells[i].Rune)
		}
		runs = append(runs, control.ScreenRun{Text: string(text), Fg: colourOf(style.Fg), Bg: colourOf(style.Bg), Flags: style.Flags})
	}
	return runs
}

func colourOf(c uint32) string {
	if c >= screen.Default {
		return ""
	}
	return fmt.Sprintf("#%06x", c)
}

var packers = sync.Pool{New: func() any {
	w, err := flate.NewWriter(nil, flate.BestSpeed)
	if err != nil {
		panic(err) // the level is one that exists
	}
	return w
}}

// packRGB leaves the fourth byte of each pixel out and compresses the rest.
func packRGB(rgba []byte) ([]byte, error) {
	rgb := make([]byte, 0, len(rgba)/4*3)
	for i := 0; i+3 < len(rgba); i += 4 {
		rgb = append(rgb, rgba[i:i+3]...)
	}
	var buf bytes.Buffer
	w := packers.Get().(*flate.Writer)
	defer packers.Put(w)
	w.Reset(&buf)
	if _, err := w.Write(rgb); err != nil {
		return nil, err
	}
	err := w.Close()
	return buf.Bytes(), err
}
