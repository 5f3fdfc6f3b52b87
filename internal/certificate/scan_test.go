package certificate

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"math/rand/v2"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kept/internal/browser"
)

// The size of a film, in dots.
const (
	filmWidth  = 640
	filmHeight = 480
)

// TestBrowserScansACode holds a certificate, as a phone shows it, before the
// camera of another reader.
func TestBrowserScansACode(t *testing.T) {
	w, base := live(t)
	me := w.member()
	path := w.claimed(me, "Noor Halvorsen")
	film := filepath.Join(t.TempDir(), "film.y4m")
	writeFilm(t, film, codeOn(t, browser.Open(t), w, base+path))
	b := browser.OpenFilming(t, film)
	for _, o := range []browser.Options{{}, {Phone: true, Dark: true}} {
		p := b.Page(t, o)
		p.Go(base + "/verify")
		if scripts := requested(p, "scan.min.js"); scripts > 0 {
			t.Error("the reader of codes is loaded before it is asked for")
		}
		p.Click(browser.Button("Scan a code"))
		picture(p, "scan", o)
		p.Until(`document.querySelector('#verifier').dataset.verdict === 'genuine'`)
		p.See("Noor Halvorsen")
		if on := browser.Eval[bool](p, `document.querySelector('[data-scanner] video').srcObject !== null`); on {
			t.Error("the camera stays on")
		}
		if hosts := p.OtherHosts(strings.TrimPrefix(base, "http://")); len(hosts) > 0 {
			t.Errorf("the page asked %v", hosts)
		}
	}
	p := b.Page(t, browser.Options{})
	w.ask(me, "/you/certificates/audience", url.Values{"id": {w.heldID(t, me)}, "seen": {"you"}})
	p.Go(base + "/verify")
	p.Click(browser.Button("Scan a code"))
	p.See("is not public, or is gone")
	browser.Axe(t, p)
}

func TestBrowserSaysThatThereIsNoCamera(t *testing.T) {
	b := browser.Open(t)
	_, base := live(t)
	p := b.Page(t, browser.Options{})
	p.Go(base + "/verify")
	p.Click(browser.Button("Scan a code"))
	p.See("Take the file instead")
}

func requested(p *browser.Page, name string) (n int) {
	for _, r := range p.Requests() {
		if strings.Contains(r.URL, strings.TrimSuffix(name, ".js")) {
			n++
		}
	}
	return n
}

// codeOn is the code of a certificate as a phone shows it, with some of what is
// around it.
func codeOn(t *testing.T, b *browser.Browser, w *world, address string) image.Image {
	t.Helper()
	p := b.Page(t, browser.Options{Phone: true})
	p.Go(address)
	at := browser.Eval[[]float64](p, `(() => { const r = document.querySelector('.cert .qr').getBoundingClientRect(), n = devicePixelRatio;
		return [r.left + scrollX, r.top + scrollY, r.right + scrollX, r.bottom + scrollY].map(x => x * n); })()`)
	file := filepath.Join(t.TempDir(), "phone.png")
	p.Screenshot(file)
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	const around = 40
	cut := image.Rect(int(at[0])-around, int(at[1])-around, int(at[2])+around, int(at[3])+around)
	out := image.NewGray(image.Rect(0, 0, cut.Dx(), cut.Dy()))
	draw.Draw(out, out.Bounds(), whole, cut.Min, draw.Src)
	return out
}

// writeFilm films a picture as a hand holds it: askew, in uneven light, with the
// grain of a cheap camera.
func writeFilm(t *testing.T, path string, shown image.Image) {
	t.Helper()
	chance := rand.New(rand.NewPCG(2027, 3))
	film := []byte(fmt.Sprintf("YUV4MPEG2 W%d H%d F10:1 Ip A1:1 C420\n", filmWidth, filmHeight))
	for frame := range 5 {
		film = append(film, "FRAME\n"...)
		turn := (7 + float64(frame)/4) * math.Pi / 180
		for y := range filmHeight {
			for x := range filmWidth {
				dx, dy := float64(x-filmWidth/2), float64(y-filmHeight/2)
				from := shown.Bounds()
				sx, sy := dx*math.Cos(turn)+dy*math.Sin(turn)+float64(from.Dx())/2, dy*math.Cos(turn)-dx*math.Sin(turn)+float64(from.Dy())/2
				light := 90.0
				if (image.Point{int(sx), int(sy)}).In(from) {
					light = float64(shown.At(int(sx), int(sy)).(color.Gray).Y)
				}
				light = 20 + light*(0.55+0.25*float64(x)/filmWidth) + 12*chance.Float64()
				film = append(film, byte(min(light, 235)))
			}
		}
		film = append(film, bytes.Repeat([]byte{128}, filmWidth*filmHeight/2)...)
	}
	if err := os.WriteFile(path, film, 0o600); err != nil {
		t.Fatal(err)
	}
}
