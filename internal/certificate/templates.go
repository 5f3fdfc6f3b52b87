package certificate

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // pictures of templates
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"
	"golang.org/x/image/draw"
)

// defaultTemplate is the look of what names no other.
const defaultTemplate = "default"

// Template is how an operator wants certificates to look: NAME.toml in a folder,
// with pictures beside it. docs/certificates.md lists the settings.
type Template struct {
	Name       string      `toml:"-"`
	Lead       string      `toml:"lead"` // above the name; empty: certifies that
	Text       string      `toml:"text"` // below it, with {title}
	Note       string      `toml:"note"` // a small line under the day
	LogoFile   string      `toml:"logo"`
	LogoWords  string      `toml:"logo_words"`
	Signatures []Signature `toml:"signatures"`

	Logo *Picture `toml:"-"`
}

// Signature is somebody who signs with a picture of their hand.
type Signature struct {
	Name string `toml:"name"`
	Role string `toml:"role"`
	File string `toml:"picture"`

	Picture *Picture `toml:"-"`
}

// Picture is a picture of a template, drawn anew as PNG.
type Picture struct {
	File          string
	Width, Height int
	Data          []byte
}

// Bounds of a template.
const (
	mostSignatures = 3
	maxPicture     = 2 << 20 // bytes of the operator's file
	pictureSide    = 900     // dots, of the longer side as it is used
	maxSetting     = 600     // characters
)

type templates struct{ all []*Template }

// readTemplates reads the operator's folder; the built-in template is always there.
func readTemplates(folder string) (*templates, error) {
	t := &templates{all: []*Template{{Name: defaultTemplate}}}
	if folder == "" {
		return t, nil
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, fmt.Errorf("certificate templates: %w", err)
	}
	defer root.Close()
	names, err := fs.Glob(root.FS(), "*.toml")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		one, err := readTemplate(root.FS(), name)
		if err != nil {
			return nil, fmt.Errorf("certificate template %s: %w", name, err)
		}
		t.all = slices.DeleteFunc(t.all, func(have *Template) bool { return have.Name == one.Name })
		t.all = append(t.all, one)
	}
	return t, nil
}

func readTemplate(root fs.FS, file string) (*Template, error) {
	text, err := fs.ReadFile(root, file)
	if err != nil {
		return nil, err
	}
	t := &Template{Name: strings.TrimSuffix(file, filepath.Ext(file))}
	meta, err := toml.Decode(string(text), t)
	if err != nil {
		return nil, err
	}
	if unknown := meta.Undecoded(); len(unknown) > 0 {
		return nil, fmt.Errorf("unknown setting %s", unknown[0])
	}
	if len(t.Signatures) > mostSignatures {
		return nil, fmt.Errorf("more than %d signatures", mostSignatures)
	}
	if len([]rune(t.Lead+t.Text+t.Note)) > maxSetting {
		return nil, fmt.Errorf("texts of more than %d characters", maxSetting)
	}
	return t, t.readPictures(root)
}

func (t *Template) readPictures(root fs.FS) (err error) {
	if t.LogoFile != "" {
		if t.Logo, err = readPicture(root, t.LogoFile); err != nil {
			return err
		}
	}
	for i := range t.Signatures {
		if file := t.Signatures[i].File; file != "" {
			if t.Signatures[i].Picture, err = readPicture(root, file); err != nil {
				return err
			}
		}
	}
	return nil
}

var errPicture = errors.New("a picture must be PNG or JPEG, of at most 2 MB and 4000 dots a side")

const maxSide = 4000

// readPicture draws a picture anew, no larger than it is shown.
func readPicture(root fs.FS, name string) (*Picture, error) {
	data, err := fs.ReadFile(root, name)
	if err != nil {
		return nil, err
	}
	head, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || len(data) > maxPicture || head.Width > maxSide || head.Height > maxSide || head.Width*head.Height == 0 {
		return nil, fmt.Errorf("%s: %w", name, errPicture)
	}
	from, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, errPicture)
	}
	scale := min(1, float64(pictureSide)/float64(max(head.Width, head.Height)))
	to := image.NewNRGBA(image.Rect(0, 0, max(1, int(float64(head.Width)*scale)), max(1, int(float64(head.Height)*scale))))
	draw.CatmullRom.Scale(to, to.Bounds(), from, from.Bounds(), draw.Src, nil)
	var out bytes.Buffer
	if err := png.Encode(&out, to); err != nil {
		return nil, err
	}
	return &Picture{File: strings.TrimSuffix(filepath.Base(name), filepath.Ext(name)) + ".png", Width: to.Rect.Dx(), Height: to.Rect.Dy(), Data: out.Bytes()}, nil
}

// named finds a template: that of the name, or the default one.
func (t *templates) named(names ...string) *Template {
	for _, name := range append(names, defaultTemplate) {
		for _, one := range t.all {
			if one.Name == name {
				return one
			}
		}
	}
	return t.all[0]
}

// picture finds a picture of a template.
func (t *Template) picture(file string) (*Picture, bool) {
	pictures := []*Picture{t.Logo}
	for _, s := range t.Signatures {
		pictures = append(pictures, s.Picture)
	}
	for _, p := range pictures {
		if p != nil && p.File == file {
			return p, true
		}
	}
	return nil, false
}

// Path is where a page finds a picture of the template.
func (t *Template) Path(p *Picture) string { return "/certificates/template/" + t.Name + "/" + p.File }
