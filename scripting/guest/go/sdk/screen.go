//go:build wasip1

package sdk

// What a person sees, does and hears at the process's screen: docs/interfaces,
// text, gfx, input and audio.

// Own is the viewer's own colour of a character.
const Own = 1 << 24

// OpenText makes the screen a grid of characters.
func OpenText(cols, rows uint32) error { return check(mtTextOpen(cols, rows)) }

// Style is how Put and Clear write; colours are 0xRRGGBB or Own, flags the sum
// of 1 bold, 2 italic, 4 underlined and 8 inverse.
func Style(fg, bg, flags uint32) error { return check(mtTextStyle(fg, bg, flags)) }

// Put writes characters from a cell on.
func Put(col, row int32, text string) error { return check(mtTextPut(col, row, text)) }

// Clear fills the grid with spaces.
func Clear() error { return check(mtTextClear()) }

// Scroll moves all rows up, or down when negative.
func Scroll(rows int32) error { return check(mtTextScroll(rows)) }

// Cursor puts it on a cell; outside of the grid there is none.
func Cursor(col, row int32) error { return check(mtTextCursor(col, row)) }

// Title names the screen.
func Title(text string) error { return check(mtTextTitle(text)) }

// Show lets be seen what was drawn since.
func Show() { mtTextShow() }

// OpenPicture gives the screen a picture behind the characters.
func OpenPicture(width, height uint32) error { return check(mtGfxOpen(width, height)) }

// Pixels writes pixels of four bytes: red, green, blue, and one that counts
// nothing.
func Pixels(x, y int32, width, height uint32, rgba []byte) error {
	return check(mtGfxPixels(x, y, width, height, ptr(rgba), int32(len(rgba))))
}

// Rect fills a rectangle with 0xRRGGBBAA; so do Line and Disc.
func Rect(x, y, width, height int32, colour uint32) error {
	return check(mtGfxRect(x, y, width, height, colour))
}

// Line draws one of a pixel's width.
func Line(x0, y0, x1, y1 int32, colour uint32) error { return check(mtGfxLine(x0, y0, x1, y1, colour)) }

// Disc fills a circle.
func Disc(x, y, radius int32, colour uint32) error { return check(mtGfxDisc(x, y, radius, colour)) }

// Move copies a part of the picture elsewhere in it.
func Move(x, y, width, height, toX, toY int32) error {
	return check(mtGfxMove(x, y, width, height, toX, toY))
}

// What Listen is told of; their sum.
const (
	Keys     = 1
	Typed    = 2
	Pointer  = 4
	Watchers = 8
)

// Listen has messages with this tag come of what a person does at the screen.
func Listen(tag int64, what uint32) error { return check(mtInputListen(tag, what)) }

// Waves of a tone.
const (
	Sine     = 0
	Square   = 1
	Triangle = 2
	Saw      = 3
	Noise    = 4
)

// Tone sounds at once.
func Tone(wave uint32, hertz, seconds, volume float64) error {
	return check(mtAudioTone(wave, hertz, seconds, volume))
}

// Samples sound after those before: 16 bits, signed, little-endian, one channel.
func Samples(rate uint32, pcm []byte) error {
	return check(mtAudioSamples(rate, ptr(pcm), int32(len(pcm))))
}

// Silence ends what sounds.
func Silence() error { return check(mtAudioSilence()) }
