package certificate

import (
	"bytes"
	"context"
	"image"
	"image/color"
	"image/png"
	"math"
	"strings"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// Size of a picture to share, as those who show previews want it.
const (
	cardWidth  = 1200
	cardHeight = 630
	cardEdge   = 80
	cardCut    = 470 // where the cut edge lies
)

func (c ink) colour() color.RGBA { return color.RGBA{uint8(c[0]), uint8(c[1]), uint8(c[2]), 0xff} }

// cardOf draws the picture of a certificate: name, what for, whose, the edge.
func (f *Feature) cardOf(ctx context.Context, s Signed, template string) ([]byte, error) {
	drawn, err := f.drawn(ctx, s.JWT, template)
	if err != nil {
		return nil, err
	}
	return drawn.card()
}

func (s *sheet) card() ([]byte, error) {
	c := image.NewRGBA(image.Rect(0, 0, cardWidth, cardHeight))
	draw.Draw(c, c.Bounds(), image.White, image.Point{}, draw.Src)
	s.cardGround(c)
	regular, err := opentype.Parse(faces().regular)
	if err != nil {
		return nil, err
	}
	below, _, _ := strings.Cut(s.Below, ". ")
	for _, one := range []struct {
		text string
		size float64
		y    int
		ink  ink
	}{
		{s.Community, 40, 120, inkText}, {s.Above, 32, 190, inkSoft}, {s.Holder, 92, 300, inkText}, {below, 36, 385, inkText}, {s.Day + " · " + s.Short(), 28, 570, inkSoft},
	} {
		if err := cardLine(c, regular, one.size, one.y, one.ink.colour(), one.text); err != nil {
			return nil, err
		}
	}
	cardMark(c, cardWidth-cardEdge-88, 500, 88)
	var out bytes.Buffer
	err = png.Encode(&out, c)
	return out.Bytes(), err
}

// cardGround draws the lower part with its cut edge.
func (s *sheet) cardGround(c *image.RGBA) {
	edge := s.edge()
	r := vector.NewRasterizer(cardWidth, cardHeight)
	for i, h := range edge {
		x, y := float32(i*cardWidth)/float32(len(edge)-1), float32(cardCut-20+40*h)
		if i == 0 {
			r.MoveTo(x, y)
			continue
		}
		r.LineTo(x, y)
	}
	r.LineTo(cardWidth, cardHeight)
	r.LineTo(0, cardHeight)
	r.ClosePath()
	r.Draw(c, c.Bounds(), image.NewUniform(inkWell.colour()), image.Point{})
}

// cardLine writes a text, smaller if it is too long. What the typeface lacks is
// left out: a row of empty boxes would be worse than nothing.
func cardLine(c *image.RGBA, f *opentype.Font, size float64, y int, colour color.Color, text string) error {
	if !simple(text) {
		return nil
	}
	const room = cardWidth - 2*cardEdge
	for {
		face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingNone})
		if err != nil {
			return err
		}
		d := &font.Drawer{Dst: c, Src: image.NewUniform(colour), Face: face, Dot: fixed.P(cardEdge, y)}
		if d.MeasureString(text).Ceil() <= room || size < 16 {
			d.DrawString(text)
			return nil
		}
		size *= .93
	}
}

// cardMark draws the mark of a kept promise.
func cardMark(c *image.RGBA, x, y, side float32) {
	at := func(px, py float64) (float32, float32) { return x + float32(px)*side/32, y + float32(py)*side/32 }
	for _, half := range []struct {
		from, tip, to [2]float64
		lower         bool
		ink           ink
	}{
		{[2]float64{2.36, 9.76}, [2]float64{13, 20.4}, [2]float64{27.28, 6.12}, false, inkGood},
		{[2]float64{1.51, 12.11}, [2]float64{13, 23.6}, [2]float64{28.65, 7.95}, true, inkText},
	} {
		r := vector.NewRasterizer(cardWidth, cardHeight)
		r.MoveTo(at(half.from[0], half.from[1]))
		r.LineTo(at(half.tip[0], half.tip[1]))
		r.LineTo(at(half.to[0], half.to[1]))
		discArc(half.to, half.from, half.lower, func(px, py float64) { r.LineTo(at(px, py)) })
		r.ClosePath()
		r.Draw(c, c.Bounds(), image.NewUniform(half.ink.colour()), image.Point{})
	}
}

// discArc goes around the mark's disc from one point to another in short lines,
// by way of its lower side or its upper one.
func discArc(a, b [2]float64, lower bool, line func(x, y float64)) {
	from, to := math.Atan2(a[1]-discMiddle, a[0]-discMiddle), math.Atan2(b[1]-discMiddle, b[0]-discMiddle)
	if lower && to < from {
		to += 2 * math.Pi
	}
	if !lower && to > from {
		to -= 2 * math.Pi
	}
	const parts = 48
	for i := 1; i <= parts; i++ {
		angle := from + (to-from)*float64(i)/parts
		line(discMiddle+discRadius*math.Cos(angle), discMiddle+discRadius*math.Sin(angle))
	}
}
