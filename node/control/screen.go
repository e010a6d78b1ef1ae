package control

import (
	"context"
	"fmt"
)

// ScreenRequest asks for what a process shows.
type ScreenRequest struct {
	PID  uint64 `json:"pid"`
	Rate int    `json:"rate,omitempty"` // frames a second at most; 0 = DefaultWatchRate
}

// ScreenFrame is what changed: the first is whole. What is not named in Lines and
// Bands stays as it was.
type ScreenFrame struct {
	Whole  bool          `json:"whole,omitempty"` // forget what was before
	Title  string        `json:"title,omitempty"` // of now, as are the sizes
	Cols   int           `json:"cols,omitempty"`  // of the grid; 0: there is none
	Rows   int           `json:"rows,omitempty"`
	Width  int           `json:"width,omitempty"` // of the picture; 0: there is none
	Height int           `json:"height,omitempty"`
	Cursor *ScreenCell   `json:"cursor,omitempty"`
	Lines  []ScreenLine  `json:"lines,omitempty"`
	Bands  []ScreenBand  `json:"bands,omitempty"`
	Sounds []ScreenSound `json:"sounds,omitempty"`
}

// ScreenCell is a place in the grid.
type ScreenCell struct {
	Col int `json:"col"`
	Row int `json:"row"`
}

// ScreenLine is a whole row of the grid.
type ScreenLine struct {
	Row  int         `json:"row"`
	Runs []ScreenRun `json:"runs"`
}

// ScreenRun is characters of one style, each in one cell.
type ScreenRun struct {
	Text  string `json:"text"`
	Fg    string `json:"fg,omitempty"`    // #rrggbb; none: the viewer's own
	Bg    string `json:"bg,omitempty"`    //
	Flags uint32 `json:"flags,omitempty"` // 1 bold, 2 italic, 4 underlined, 8 inverse
}

// ScreenBand is rows of the picture, one below the other.
type ScreenBand struct {
	Y    int    `json:"y"`
	Rows int    `json:"rows"`
	RGB  []byte `json:"rgb"` // 3 bytes a pixel, in the deflate format (RFC 1951)
}

// ScreenSound is a tone, samples, or the end of both.
type ScreenSound struct {
	Stop    bool    `json:"stop,omitempty"`
	Wave    string  `json:"wave,omitempty"` // sine | square | triangle | saw | noise; none: samples
	Hertz   float64 `json:"hertz,omitempty"`
	Volume  float64 `json:"volume"`
	Seconds float64 `json:"seconds"`
	Rate    uint32  `json:"rate,omitempty"` // of samples
	PCM     []byte  `json:"pcm,omitempty"`  // 16 bits, signed, little-endian, one channel
}

// ScreenActRequest is what a person does at a process's screen, in order:
// "key NAME", "up NAME", "text WORDS", or "press", "move" or "release" with
// BUTTON COL ROW X Y (docs/interfaces/input.md).
type ScreenActRequest struct {
	PID    uint64   `json:"pid"`
	Events []string `json:"events"`
}

func (r *ScreenRequest) check() error {
	if r.Rate < 0 || r.Rate > MaxWatchRate {
		return fmt.Errorf("rate is %d, at most %d", r.Rate, MaxWatchRate)
	}
	return pid(r.PID)
}

func (r *ScreenActRequest) check() error {
	if len(r.Events) == 0 || len(r.Events) > MaxScreenEvents {
		return fmt.Errorf("%d events, want 1 to %d", len(r.Events), MaxScreenEvents)
	}
	for _, e := range r.Events {
		if len(e) > MaxScreenEvent {
			return fmt.Errorf("event has %d bytes, the limit is %d", len(e), MaxScreenEvent)
		}
	}
	return pid(r.PID)
}

// screens is the part of a Backend about what processes show.
type screens interface {
	// Screen sends all that a process shows, and then what changes, until the
	// process has ended.
	Screen(ctx context.Context, req *ScreenRequest, send func(*ScreenFrame) error) error
	ScreenAct(ctx context.Context, req *ScreenActRequest) error
}

func (c *Client) Screen(ctx context.Context, req *ScreenRequest, send func(*ScreenFrame) error) error {
	return receive(ctx, c, "Screen", req, send)
}

func (c *Client) ScreenAct(ctx context.Context, req *ScreenActRequest) error {
	return callEmpty(ctx, c, "ScreenAct", req)
}
