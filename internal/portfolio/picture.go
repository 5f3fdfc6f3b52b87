package portfolio

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	_ "image/gif" // the formats that can be sent
	"image/jpeg"
	_ "image/png"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp"
)

// Bounds of a picture that is sent, and the sizes that are kept.
const (
	maxUpload   = 5 << 20
	maxPixels   = 40_000_000
	largeSide   = 256
	smallSide   = 96
	maxStored   = 100 << 10 // bytes of one size
	jpegQuality = 86
)

var (
	errNoPicture = errors.New("the file is no picture that can be read")
	errTooLarge  = errors.New("the picture is too large")
)

// redraw reads a picture and draws the middle of it anew, in both sizes: of the
// file that was sent nothing is kept, above all not where it was taken. The
// size is asked before anything is unpacked.
func redraw(sent []byte) (Picture, error) {
	if len(sent) > maxUpload {
		return Picture{}, errTooLarge
	}
	about, format, err := image.DecodeConfig(bytes.NewReader(sent))
	if err != nil || about.Width < 1 || about.Height < 1 {
		return Picture{}, errNoPicture
	}
	if int64(about.Width)*int64(about.Height) > maxPixels {
		return Picture{}, errTooLarge
	}
	whole, err := decode(sent)
	if err != nil {
		return Picture{}, errNoPicture
	}
	turn := 1
	if format == "jpeg" {
		turn = orientation(sent)
	}
	var p Picture
	if p.Large, err = square(whole, largeSide, turn); err != nil {
		return Picture{}, err
	}
	p.Small, err = square(whole, smallSide, turn)
	return p, err
}

// decode turns a panic of a decoder, which reads what anybody sent, into an
// answer.
func decode(sent []byte) (whole image.Image, err error) {
	defer func() {
		if recover() != nil {
			err = errNoPicture
		}
	}()
	whole, _, err = image.Decode(bytes.NewReader(sent))
	return whole, err
}

// paper is what shows through a picture that is not whole.
var paper = image.NewUniform(color.RGBA{0xfb, 0xfa, 0xf7, 0xff})

// square draws the largest square in the middle of a picture, upright.
func square(whole image.Image, side, turn int) ([]byte, error) {
	b := whole.Bounds()
	edge := min(b.Dx(), b.Dy())
	from := image.Rect(0, 0, edge, edge).Add(b.Min).Add(image.Pt((b.Dx()-edge)/2, (b.Dy()-edge)/2))
	small := image.NewRGBA(image.Rect(0, 0, side, side))
	draw.Draw(small, small.Bounds(), paper, image.Point{}, draw.Src)
	draw.CatmullRom.Scale(small, small.Bounds(), whole, from, draw.Over, nil)
	var out bytes.Buffer
	err := jpeg.Encode(&out, turned(small, turn), &jpeg.Options{Quality: jpegQuality})
	return out.Bytes(), err
}

// turned applies one of the eight orientations that a camera notes to a square.
func turned(in *image.RGBA, turn int) *image.RGBA {
	if turn < 2 || turn > 8 {
		return in
	}
	side := in.Bounds().Dx()
	out := image.NewRGBA(in.Bounds())
	for y := range side {
		for x := range side {
			fx, fy := source(turn, x, y, side-1)
			out.SetRGBA(x, y, in.RGBAAt(fx, fy))
		}
	}
	return out
}

// source is where the dot at x, y comes from.
func source(turn, x, y, last int) (int, int) {
	switch turn {
	case 2:
		return last - x, y
	case 3:
		return last - x, last - y
	case 4:
		return x, last - y
	case 5:
		return y, x
	case 6:
		return y, last - x
	case 7:
		return last - y, last - x
	default:
		return last - y, x
	}
}

// checkPicture is the rule for what is stored: pictures of our own drawing.
func checkPicture(p Picture) error {
	if err := bounded(p.Words, 0, maxLine); err != nil {
		return err
	}
	for side, data := range map[int][]byte{largeSide: p.Large, smallSide: p.Small} {
		about, err := jpeg.DecodeConfig(bytes.NewReader(data))
		if err != nil || about.Width != side || about.Height != side || len(data) > maxStored {
			return errors.New("a picture is a square JPEG of 256 and of 96 dots")
		}
	}
	return nil
}
