package render

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image"
	_ "image/gif"  // sizes of pictures
	_ "image/jpeg" // sizes of pictures
	_ "image/png"  // sizes of pictures
	"io"
	"io/fs"
	"path"
	"strconv"
	"strings"

	_ "golang.org/x/image/webp" // sizes of pictures
	"golang.org/x/net/html"
)

// maxPicture is as much of a picture as is read to learn its size.
const maxPicture = 1 << 20

// mostPixels is what a reader's browser is made to unpack: a small file can
// claim to be a picture that fills its memory.
const mostPixels = 40_000_000

func isDrawing(name string) bool { return strings.EqualFold(path.Ext(name), ".svg") }

// setSize tells the browser how much room to keep before the picture is there.
func (p *pass) setSize(n *html.Node, full string) {
	width, height, err := PictureSize(p.home.Catalogue.Folder(p.home.Course), full)
	if err != nil || width <= 0 || height <= 0 {
		p.warn(path.Base(full), "the size of the picture %q cannot be read; save it as PNG, JPEG, GIF, WebP or SVG with a viewBox", cut(full))
		return
	}
	if !isDrawing(full) && width*height > mostPixels {
		p.warn(path.Base(full), "the picture %q claims %d × %d pixels and is left out; make it at most 40 megapixels", cut(full), width, height)
		p.onlyWords(n)
		return
	}
	if attr(n, "width") == "" || attr(n, "height") == "" {
		setAttr(n, "width", strconv.Itoa(width))
		setAttr(n, "height", strconv.Itoa(height))
	}
}

// PictureSize reads the beginning of a picture and no more: what it would be
// unpacked to costs nothing here.
func PictureSize(fsys fs.FS, name string) (width, height int, err error) {
	f, err := fsys.Open(name)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, maxPicture))
	if err != nil {
		return 0, 0, err
	}
	if isDrawing(name) {
		return drawingSize(head)
	}
	config, _, err := image.DecodeConfig(bytes.NewReader(head))
	return config.Width, config.Height, err
}

var errNoSize = errors.New("no width, height or viewBox")

// drawingSize reads the first element of an SVG file.
func drawingSize(head []byte) (width, height int, err error) {
	svg, err := firstTag(head)
	if err != nil {
		return 0, 0, err
	}
	found := map[string]string{}
	for _, a := range svg.Attr {
		found[a.Name.Local] = a.Value
	}
	width, height = pixels(found["width"]), pixels(found["height"])
	box := strings.Fields(strings.ReplaceAll(found["viewBox"], ",", " "))
	if (width == 0 || height == 0) && len(box) == 4 {
		width, height = pixels(box[2]), pixels(box[3])
	}
	if width == 0 || height == 0 {
		return 0, 0, errNoSize
	}
	return width, height, nil
}

func firstTag(head []byte) (xml.StartElement, error) {
	decoder := xml.NewDecoder(bytes.NewReader(head))
	decoder.Strict = false
	for {
		token, err := decoder.RawToken()
		if err != nil {
			return xml.StartElement{}, err
		}
		if start, ok := token.(xml.StartElement); ok {
			return start, nil
		}
	}
}

func pixels(s string) int {
	f, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(s), "px"), 64)
	if err != nil || f < 1 || f > 100_000 {
		return 0
	}
	return int(f + .5)
}
