package certificate

import (
	"bytes"
	"embed"
	"fmt"
	"math"
	"strings"
	"sync"
	"time"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/sfnt"
)

// fontFiles is EB Garamond, for Latin, Greek and Cyrillic; see fonts/manifest.txt.
//
//go:embed fonts/*.ttf
var fontFiles embed.FS

// typefaces are read once: the files, and what letters they have.
type typefaces struct {
	regular, italic []byte
	letters         *sfnt.Font
}

var faces = sync.OnceValue(func() typefaces {
	regular, err := fontFiles.ReadFile("fonts/garamond.ttf")
	if err != nil {
		panic(err) // the files are part of the program
	}
	italic, err := fontFiles.ReadFile("fonts/garamond-italic.ttf")
	if err != nil {
		panic(err)
	}
	letters, err := sfnt.Parse(regular)
	if err != nil {
		panic(err)
	}
	return typefaces{regular, italic, letters}
})

// simple tells whether a text can be set letter by letter in our own typeface:
// it has every one, and none must be joined or turned.
func simple(text string) bool {
	var buffer sfnt.Buffer
	for _, r := range text {
		plain := r < 0x0530 || r >= 0x1e00 && r < 0x2190 // Latin, Greek, Cyrillic, their marks and punctuation
		if glyph, err := faces().letters.GlyphIndex(&buffer, r); err != nil || glyph == 0 || !plain || r >= 0x300 && r < 0x370 {
			return false
		}
	}
	return true
}

// settable tells whether all of a sheet is.
func (s *sheet) settable() bool {
	all := []string{s.Community, s.Above, s.Holder, s.Below, s.Day, s.Note, s.Short(), s.Words.Title, s.Words.Edge, s.Words.Check, s.Words.Key}
	for _, one := range s.Signatures {
		all = append(all, one.Name, one.Role)
	}
	return simple(strings.Join(all, ""))
}

// paper is a size of paper, lying, in millimetres.
type paper struct {
	name          string
	width, height float64
}

// The sizes that are offered.
var (
	a4     = paper{"a4", 297, 210}
	letter = paper{"letter", 279.4, 215.9}
)

// The colours of print.
type ink [3]int

var (
	inkText  = ink{0x20, 0x1e, 0x1b}
	inkSoft  = ink{0x5a, 0x55, 0x4c}
	inkWell  = ink{0xf1, 0xee, 0xe7}
	inkGood  = ink{0x17, 0x65, 0x3a}
	inkFrame = ink{0x20, 0x1e, 0x1b}
)

// press is a PDF under way.
type press struct {
	*fpdf.Fpdf
	*sheet
	paper
}

// Distances on the sheet, in millimetres.
const (
	margin   = 9.0
	inner    = 24.0 // from the frame to the text
	lower    = 43.0 // height of the lower part
	toothing = 7.0  // height of the cut edge
	codeSide = 27.0
)

// pdf sets a certificate for print. It must be settable.
func (s *sheet) pdf(size paper, made time.Time) ([]byte, error) {
	doc := fpdf.NewCustom(&fpdf.InitType{UnitStr: "mm", Size: fpdf.SizeType{Wd: size.width, Ht: size.height}})
	p := &press{doc, s, size}
	p.describe(made)
	doc.SetMargins(0, 0, 0)
	doc.SetAutoPageBreak(false, 0)
	doc.AddUTF8FontFromBytes("garamond", "", faces().regular)
	doc.AddUTF8FontFromBytes("garamond", "I", faces().italic)
	doc.AddPage()
	p.ground()
	p.upper()
	p.counterpart()
	var out bytes.Buffer
	err := doc.Output(&out)
	return out.Bytes(), err
}

func (p *press) describe(made time.Time) {
	p.SetTitle(p.Holder+", "+p.Community, true)
	p.SetAuthor(p.Community, true)
	p.SetSubject(p.Below, true)
	p.SetCreator("Kept", true)
	p.SetLang(p.Lang)
	p.SetCreationDate(made)
	p.SetModificationDate(made)
}

// ground draws the lower part with its cut edge, and the frame around all.
func (p *press) ground() {
	left, right, bottom := margin, p.width-margin, p.height-margin
	top := bottom - lower
	points := []fpdf.PointType{}
	for i, h := range p.edge() {
		points = append(points, fpdf.PointType{X: left + (right-left)*float64(i)/(edgePoints-1), Y: top + toothing*(h-.5)})
	}
	p.fill(inkWell)
	p.Polygon(append(append([]fpdf.PointType{}, points...), fpdf.PointType{X: right, Y: bottom}, fpdf.PointType{X: left, Y: bottom}), "F")
	p.draw(inkFrame, .35)
	for i := 1; i < len(points); i++ {
		p.Line(points[i-1].X, points[i-1].Y, points[i].X, points[i].Y)
	}
	p.draw(inkFrame, .5)
	p.Rect(left, margin, right-left, bottom-margin, "D")
	p.draw(inkSoft, .12)
	p.Rect(left+1.6, margin+1.6, right-left-3.2, bottom-margin-3.2, "D")
}

func (p *press) fill(c ink) { p.SetFillColor(c[0], c[1], c[2]) }

func (p *press) draw(c ink, width float64) {
	p.SetDrawColor(c[0], c[1], c[2])
	p.SetLineWidth(width)
}

// line sets one line in the middle, smaller if it is too long, and returns its size.
func (p *press) line(style string, size float64, c ink, y float64, text string) float64 {
	room := p.width - 2*(margin+inner)
	p.SetTextColor(c[0], c[1], c[2])
	for p.SetFont("garamond", style, size); p.GetStringWidth(text) > room && size > 8; p.SetFont("garamond", style, size) {
		size -= .5
	}
	p.SetXY(margin+inner, y)
	p.CellFormat(room, size*.45, text, "", 0, "C", false, 0, "")
	return size
}

// passage sets a text in the middle over some lines, and returns where it ends.
func (p *press) passage(style string, size, y, width float64, most int, text string) float64 {
	for ; ; size -= .5 {
		p.SetFont("garamond", style, size)
		lines := p.SplitText(text, width)
		if len(lines) > most && size > 8 {
			continue
		}
		for _, one := range p.balanced(text, width, len(lines)) {
			p.SetXY((p.width-width)/2, y)
			p.CellFormat(width, size*.46, one, "", 0, "C", false, 0, "")
			y += size * .46
		}
		return y
	}
}

// balanced breaks a text into so many lines of about one length.
func (p *press) balanced(text string, width float64, count int) []string {
	lines := p.SplitText(text, width)
	for narrow := width - 2; narrow > width/3; narrow -= 2 {
		next := p.SplitText(text, narrow)
		if len(next) > count {
			break
		}
		lines = next
	}
	return lines
}

// Sizes of type, in points.
const (
	typeName  = 46.0
	typeSmall = 30.0 // under this a name takes two lines
)

func (p *press) upper() {
	y := margin + 13.0
	if p.Logo != nil {
		y = p.logo(y)
	}
	p.line("", 19, inkText, y, p.Community)
	y = p.height*.285 + 2
	p.line("I", 15, inkSoft, y, p.Above)
	y = p.holder(y + 9)
	p.SetTextColor(inkText[0], inkText[1], inkText[2])
	p.passage("", 15.5, y+4.5, p.width-2*(margin+inner)-20, 3, p.Below)
	p.feet(p.height - margin - lower - 32)
}

func (p *press) logo(y float64) float64 {
	const most = 16.0
	height := most
	width := height * float64(p.Logo.Width) / float64(p.Logo.Height)
	if width > 90 {
		width, height = 90, 90*float64(p.Logo.Height)/float64(p.Logo.Width)
	}
	p.picture(p.Logo, (p.width-width)/2, y-4, width, height)
	return y + most - 2
}

func (p *press) picture(from *Picture, x, y, width, height float64) {
	options := fpdf.ImageOptions{ImageType: "PNG"}
	p.RegisterImageOptionsReader(from.File, options, bytes.NewReader(from.Data))
	p.ImageOptions(from.File, x, y, width, height, false, options, 0, "")
}

// holder sets the name as large as it fits; a very long one in two lines.
func (p *press) holder(y float64) float64 {
	room := p.width - 2*(margin+inner)
	p.SetFont("garamond", "", typeName)
	if size := typeName * room / p.GetStringWidth(p.Holder); size < typeSmall {
		p.SetTextColor(inkText[0], inkText[1], inkText[2])
		return p.passage("", 30, y-1, room, 2, p.Holder) + 1
	}
	size := p.line("", typeName, inkText, y+(typeName-math.Min(typeName, typeName*room/p.GetStringWidth(p.Holder)))*.2, p.Holder)
	return y + math.Max(size, 34)*.45
}

// feet are signatures, day and mark, side by side.
func (p *press) feet(y float64) {
	count := len(p.Signatures) + 1
	width := (p.width - 2*(margin+inner) - 26) / float64(max(count, 2))
	x := margin + inner
	for _, one := range p.Signatures {
		p.signature(one, x, y, width-8)
		x += width
	}
	p.foot(x, y, width-8, p.Day, p.Note)
	p.seal(p.width-margin-inner-17, y+1.5, 17)
}

func (p *press) signature(one Signature, x, y, width float64) {
	if one.Picture != nil {
		height := 13.0
		wide := height * float64(one.Picture.Width) / float64(one.Picture.Height)
		if wide > width {
			wide, height = width, width*float64(one.Picture.Height)/float64(one.Picture.Width)
		}
		p.picture(one.Picture, x, y+11-height, wide, height)
	}
	p.foot(x, y, width, one.Name, one.Role)
}

// foot is a line with words under it.
func (p *press) foot(x, y, width float64, upper, under string) {
	p.draw(inkSoft, .2)
	p.Line(x, y+12, x+width, y+12)
	p.words(x, y+13, width, "", 12, inkText, upper)
	p.words(x, y+18.2, width, "I", 10.5, inkSoft, under)
}

func (p *press) words(x, y, width float64, style string, size float64, c ink, text string) {
	p.SetTextColor(c[0], c[1], c[2])
	for p.SetFont("garamond", style, size); p.GetStringWidth(text) > width && size > 6; p.SetFont("garamond", style, size) {
		size -= .5
	}
	p.SetXY(x, y)
	p.CellFormat(width, size*.45, text, "", 0, "L", false, 0, "")
}

// seal draws the mark: a disc cut in two along a tick.
func (p *press) seal(x, y, side float64) {
	k := side / 32
	at := func(px, py float64) (float64, float64) { return x + px*k, y + py*k }
	p.fill(inkGood)
	p.MoveTo(at(2.36, 9.76))
	p.LineTo(at(13, 20.4))
	p.LineTo(at(27.28, 6.12))
	discArc([2]float64{27.28, 6.12}, [2]float64{2.36, 9.76}, false, func(px, py float64) { p.LineTo(at(px, py)) })
	p.ClosePath()
	p.DrawPath("F")
	p.fill(inkText)
	p.MoveTo(at(1.51, 12.11))
	p.LineTo(at(13, 23.6))
	p.LineTo(at(28.65, 7.95))
	discArc([2]float64{28.65, 7.95}, [2]float64{1.51, 12.11}, true, func(px, py float64) { p.LineTo(at(px, py)) })
	p.ClosePath()
	p.DrawPath("F")
}

// The mark's disc in its box of 32 by 32.
const (
	discMiddle = 16
	discRadius = 15
)

// counterpart is the lower part: how to check it.
func (p *press) counterpart() {
	top := p.height - margin - lower + toothing
	x, width := margin+inner, p.width-2*(margin+inner)-codeSide-14
	p.words(x, top+1, width, "", 14, inkText, p.Words.Title)
	p.SetTextColor(inkText[0], inkText[1], inkText[2])
	p.SetFont("garamond", "", 11)
	y := top + 8
	for _, one := range p.SplitText(p.Words.Edge, width) {
		p.SetXY(x, y)
		p.CellFormat(width, 4.9, one, "", 0, "L", false, 0, "")
		y += 4.9
	}
	p.words(x, y+1.2, width, "", 11, inkText, p.Short())
	p.words(x, y+6.2, width, "I", 10, inkSoft, p.Words.Key)
	p.checkLink(x, y+1.2, width)
	p.qr(p.width-margin-inner-codeSide, top+1.5)
}

// checkLink makes the code and the address lead to a check of the signed file,
// which the link carries with it: so the PDF is the certificate, too.
func (p *press) checkLink(x, y, width float64) {
	p.LinkString(x, y, width, 6, p.Check)
	p.LinkString(p.width-margin-inner-codeSide, p.height-margin-lower+toothing, codeSide, codeSide, p.Check)
}

func (p *press) qr(x, y float64) {
	p.fill(inkText)
	dot := codeSide / float64(p.code.Size)
	p.runs(func(column, row, width int) {
		p.Rect(x+float64(column)*dot, y+float64(row)*dot, float64(width)*dot+.01, dot+.01, "F")
	})
}

// paperNamed finds a size of paper.
func paperNamed(name string) (paper, error) {
	for _, one := range []paper{a4, letter} {
		if one.name == name {
			return one, nil
		}
	}
	return paper{}, fmt.Errorf("certificate: no paper %q", name)
}
