package raysim

import (
	"fmt"
	"html"
	"io"
	"math"
	"strings"
)

// Size of a figure and of its two panels, in SVG units.
const (
	svgWidth, svgHeight = 720, 260
	panelTop, panelLow  = 46, 220
	curveLeft           = 48
	curveRight          = 470
	hopsLeft            = 530
	hopsRight           = 704
)

// inks are told apart by people who see colours differently (Okabe and Ito).
var inks = []string{"#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00"}

// WriteSVG draws the curves of a scenario and the hops of its routes.
func (p *Plot) WriteSVG(w io.Writer, title string) error {
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="11">`+"\n", svgWidth, svgHeight)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", svgWidth, svgHeight)
	fmt.Fprintf(&b, `<text x="%d" y="16" font-size="13">%s</text>`+"\n", curveLeft, html.EscapeString(title))
	if len(p.Curves) > 0 {
		p.drawCurves(&b)
	}
	if len(p.Hops) > 0 {
		p.drawHops(&b)
	}
	b.WriteString("</svg>\n")
	_, err := io.WriteString(w, b.String())
	return err
}

func (p *Plot) drawCurves(b *strings.Builder) {
	low, high, last := 1.0, 1.0, 1.0
	for _, c := range p.Curves {
		for i := range c.V {
			low, high, last = min(low, c.V[i]), max(high, c.V[i]), max(last, c.T[i])
		}
	}
	low = math.Floor(low*10) / 10
	if low == high {
		low -= 0.1
	}
	x := func(t float64) float64 { return curveLeft + t/last*(curveRight-curveLeft) }
	y := func(v float64) float64 { return panelLow - (v-low)/(high-low)*(panelLow-panelTop) }
	frame(b, curveLeft, curveRight)
	for k := range 5 {
		v := low + (high-low)*float64(k)/4
		fmt.Fprintf(b, `<path d="M%d %.1fH%d" stroke="#ddd" fill="none"/><text x="%d" y="%.1f" text-anchor="end">%.3g</text>`+"\n",
			curveLeft, y(v), curveRight, curveLeft-4, y(v)+4, v)
	}
	step := niceStep(last / 6)
	for t := 0.0; t <= last; t += step {
		fmt.Fprintf(b, `<text x="%.1f" y="%d" text-anchor="middle">%.0f</text>`+"\n", x(t), panelLow+14, t)
	}
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle">cycles of one second</text>`+"\n", (curveLeft+curveRight)/2, panelLow+30)
	for _, m := range p.Marks {
		fmt.Fprintf(b, `<path d="M%.1f %dV%d" stroke="#888" stroke-dasharray="3 3" fill="none"/><text x="%.1f" y="%d" fill="#555">%s</text>`+"\n",
			x(m.At), panelTop, panelLow, x(m.At)+3, panelLow-4, html.EscapeString(m.Text))
	}
	key := curveLeft
	for k, c := range p.Curves {
		ink := inks[k%len(inks)]
		fmt.Fprintf(b, `<path d="M%d 32h14" stroke="%s" stroke-width="3"/><text x="%d" y="36">%s</text>`+"\n",
			key, ink, key+18, html.EscapeString(c.Name))
		// A letter is six wide at most in the mean.
		key += max(110, 30+6*len(c.Name))
		fmt.Fprintf(b, `<polyline fill="none" stroke="%s" stroke-width="1.5" points="`, ink)
		for i := range c.V {
			fmt.Fprintf(b, "%.1f,%.1f ", x(c.T[i]), y(c.V[i]))
		}
		b.WriteString("\"/>\n")
	}
}

func (p *Plot) drawHops(b *strings.Builder) {
	most, sum := int32(0), 0.0
	for _, h := range p.Hops {
		most = max(most, h)
		sum += float64(h)
	}
	count := make([]int, most+1)
	top := 0
	for _, h := range p.Hops {
		count[h]++
		top = max(top, count[h])
	}
	frame(b, hopsLeft, hopsRight)
	fmt.Fprintf(b, `<text x="%d" y="36">hops, mean %.2f of %d routes</text>`+"\n", hopsLeft, sum/float64(len(p.Hops)), len(p.Hops))
	wide := float64(hopsRight-hopsLeft) / float64(len(count))
	every := max(1, len(count)/10)
	for h, n := range count {
		tall := float64(n) / float64(top) * (panelLow - panelTop - 4)
		left := hopsLeft + float64(h)*wide
		fmt.Fprintf(b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="%s"/>`+"\n", left+1, panelLow-tall, max(wide-2, 0.5), tall, inks[0])
		if h%every == 0 {
			fmt.Fprintf(b, `<text x="%.1f" y="%d" text-anchor="middle">%d</text>`+"\n", left+wide/2, panelLow+14, h)
		}
	}
	fmt.Fprintf(b, `<text x="%d" y="%d" text-anchor="middle">hops</text>`+"\n", (hopsLeft+hopsRight)/2, panelLow+30)
}

func frame(b *strings.Builder, left, right int) {
	fmt.Fprintf(b, `<path d="M%d %dV%dH%d" stroke="#333" fill="none"/>`+"\n", left, panelTop, panelLow, right)
}

// niceStep is the next of 1, 2, 5 times a power of ten.
func niceStep(v float64) float64 {
	p := math.Pow(10, math.Floor(math.Log10(max(v, 1))))
	for _, m := range []float64{1, 2, 5} {
		if m*p >= v {
			return m * p
		}
	}
	return 10 * p
}
