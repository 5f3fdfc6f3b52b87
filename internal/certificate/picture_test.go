package certificate

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math"
	"testing"

	"golang.org/x/image/vector"
)

// boat is a logo.
func boat(t *testing.T) []byte {
	return drawnPicture(t, 400, 240, func(r *vector.Rasterizer) {
		r.MoveTo(40, 150)
		r.LineTo(360, 150)
		r.LineTo(300, 220)
		r.LineTo(100, 220)
		r.ClosePath()
		r.MoveTo(200, 20)
		r.LineTo(200, 140)
		r.LineTo(320, 140)
		r.ClosePath()
	}, color.RGBA{0x17, 0x4a, 0x6a, 0xff})
}

// hand is a signature.
func hand(t *testing.T) []byte {
	return drawnPicture(t, 420, 120, func(r *vector.Rasterizer) {
		for x := 10; x < 400; x += 2 {
			y := 60 + 40*math.Sin(float64(x)/16)*math.Cos(float64(x)/71)
			r.MoveTo(float32(x), float32(y))
			r.LineTo(float32(x+5), float32(y))
			r.LineTo(float32(x+5), float32(y+5))
			r.LineTo(float32(x), float32(y+5))
			r.ClosePath()
		}
	}, color.RGBA{0x20, 0x1e, 0x1b, 0xff})
}

func drawnPicture(t *testing.T, width, height int, path func(*vector.Rasterizer), ink color.Color) []byte {
	t.Helper()
	picture := image.NewNRGBA(image.Rect(0, 0, width, height))
	r := vector.NewRasterizer(width, height)
	path(r)
	r.Draw(picture, picture.Bounds(), image.NewUniform(ink), image.Point{})
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
