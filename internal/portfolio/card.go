package portfolio

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math"
	"strings"
	"time"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// Size of a preview picture, as those who show previews want it.
const (
	cardWidth  = 1200
	cardHeight = 630
	cardEdge   = 80
)

var (
	cardPaper = color.RGBA{0xfb, 0xfa, 0xf7, 0xff}
	cardInk   = color.RGBA{0x20, 0x1e, 0x1b, 0xff}
	cardSoft  = color.RGBA{0x5a, 0x55, 0x4c, 0xff}
	cardLine  = color.RGBA{0xdd, 0xd8, 0xcd, 0xff}
)

// card is a preview picture under the pen.
type card struct {
	*image.RGBA
	bold, regular *opentype.Font
	accent        color.RGBA
}

// cardOf draws the preview picture of a sheet: name, handle, place, the year.
func (f *Feature) cardOf(s *sheet) ([]byte, error) {
	bold, err := opentype.Parse(gobold.TTF)
	if err != nil {
		return nil, err
	}
	regular, err := opentype.Parse(goregular.TTF)
	if err != nil {
		return nil, err
	}
	c := &card{image.NewRGBA(image.Rect(0, 0, cardWidth, cardHeight)), bold, regular, accentOf(f.c.Hue)}
	c.fill(c.Bounds(), cardPaper)
	if err := c.words(f.c.Community, s); err != nil {
		return nil, err
	}
	c.face(s)
	if !s.settings.Value.hideYear() {
		c.year(s)
	}
	var out bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&out, c)
	return out.Bytes(), err
}

func (c *card) fill(r image.Rectangle, with color.Color) {
	draw.Draw(c, r, image.NewUniform(with), image.Point{}, draw.Src)
}

func (c *card) words(community string, s *sheet) error {
	name, below := "@"+s.handle, ""
	if s.name != nil && covers(c.bold, s.name.Value.Text) {
		name, below = s.name.Value.Text, "@"+s.handle
	}
	if s.location != nil && covers(c.regular, s.location.Value.Text) {
		below = strings.TrimPrefix(below+", "+s.location.Value.Text, ", ")
	}
	if err := c.line(c.bold, 76, cardEdge, 210, cardInk, name, cardWidth-2*cardEdge-faceRoom(s)); err != nil {
		return err
	}
	if err := c.line(c.regular, 36, cardEdge, 274, cardSoft, below, cardWidth-2*cardEdge-faceRoom(s)); err != nil {
		return err
	}
	c.fill(image.Rect(cardEdge, cardHeight-100, cardWidth-cardEdge, cardHeight-98), cardLine)
	if !covers(c.bold, community) {
		return nil
	}
	return c.line(c.bold, 32, cardEdge, cardHeight-48, c.accent, community, cardWidth-2*cardEdge)
}

func faceRoom(s *sheet) int {
	if s.picture == nil {
		return 0
	}
	return largeSide + 40
}

// covers reports whether the font has every letter: a row of empty boxes would
// be worse than nothing.
func covers(f *opentype.Font, text string) bool {
	var buf sfnt.Buffer
	for _, r := range text {
		if i, err := f.GlyphIndex(&buf, r); err != nil || i == 0 {
			return false
		}
	}
	return true
}

// line writes a text, smaller if it is too long for the room.
func (c *card) line(f *opentype.Font, size float64, x, y int, ink color.Color, text string, room int) error {
	for {
		face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingNone})
		if err != nil {
			return err
		}
		d := &font.Drawer{Dst: c, Src: image.NewUniform(ink), Face: face, Dot: fixed.P(x, y)}
		if d.MeasureString(text).Ceil() <= room || size < 20 {
			d.DrawString(text)
			return nil
		}
		size *= 0.9
	}
}

func (c *card) face(s *sheet) {
	if s.picture == nil {
		return
	}
	face, err := jpeg.Decode(bytes.NewReader(s.picture.Value.Large))
	if err != nil {
		return // the page says nothing of it either
	}
	at := image.Rect(0, 0, largeSide, largeSide).Add(image.Pt(cardWidth-cardEdge-largeSide, 64))
	draw.DrawMask(c, at, face, face.Bounds().Min, round(largeSide), image.Point{}, draw.Over)
}

// round is a disc to draw through, soft at its edge.
func round(side int) *image.Alpha {
	mask := image.NewAlpha(image.Rect(0, 0, side, side))
	disc(side, func(x, y int, cover uint8) { mask.SetAlpha(x, y, color.Alpha{cover}) })
	return mask
}

func disc(side int, set func(x, y int, cover uint8)) {
	r := float64(side) / 2
	for y := range side {
		for x := range side {
			far := math.Hypot(float64(x)+.5-r, float64(y)+.5-r)
			if cover := min(1, r-far+.5); cover > 0 {
				set(x, y, uint8(cover*255))
			}
		}
	}
}

// year draws the days of the last twelve months, by size.
func (c *card) year(s *sheet) {
	counts := map[time.Time]int{}
	for _, d := range s.sorted(Finished) {
		counts[s.Day(d.At)]++
	}
	if len(counts) == 0 {
		return
	}
	const step, top, weeks = 19, 340, 54
	end := s.Day(s.today)
	first := end.AddDate(0, 0, -7*(weeks-1)-int(end.Weekday()+6)%7)
	for day := first; !day.After(end); day = day.AddDate(0, 0, 1) {
		n := int(day.Sub(first).Hours() / 24)
		sizes := [...]int{3, 8, 11, 14, 17}
		ink := c.accent
		if counts[day] == 0 {
			ink = cardLine
		}
		c.dot(cardEdge+n/7*step+step/2, top+n%7*step, sizes[min(counts[day], len(sizes)-1)], ink)
	}
}

func (c *card) dot(x, y, side int, ink color.RGBA) {
	mask := round(side)
	at := mask.Bounds().Add(image.Pt(x-side/2, y-side/2))
	draw.DrawMask(c, at, image.NewUniform(ink), image.Point{}, mask, image.Point{}, draw.Over)
}

// accentOf is the style's accent on light paper, oklch(44% .105 hue), in sRGB.
func accentOf(hue int) color.RGBA {
	const light, chroma = .44, .105
	a, b := chroma*math.Cos(float64(hue)*math.Pi/180), chroma*math.Sin(float64(hue)*math.Pi/180)
	l := math.Pow(light+.3963377774*a+.2158037573*b, 3)
	m := math.Pow(light-.1055613458*a-.0638541728*b, 3)
	s := math.Pow(light-.0894841775*a-1.2914855480*b, 3)
	return color.RGBA{
		gamma(4.0767416621*l - 3.3077115913*m + .2309699292*s),
		gamma(-1.2684380046*l + 2.6097574011*m - .3413193965*s),
		gamma(-.0041960863*l - .7034186147*m + 1.7076147010*s), 0xff,
	}
}

func gamma(linear float64) uint8 {
	v := 12.92 * linear
	if linear > .0031308 {
		v = 1.055*math.Pow(linear, 1/2.4) - .055
	}
	return uint8(math.Round(255 * min(1, max(0, v))))
}
