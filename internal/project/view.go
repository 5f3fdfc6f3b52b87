package project

import (
	"context"
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"

	"kept/internal/course"
	"kept/internal/course/render"
	"kept/internal/fault"
	"kept/internal/page"
	"kept/vault"
)

// shown is a version as a page shows it.
type shown struct {
	Version
	Codes    []code
	FileName string
	FilePath string
	FileSize int64
	Stated   string // what the file looks like
	Zone     *time.Location
}

// code is a text of a version, coloured.
type code struct {
	Name string
	HTML template.HTML
}

// show makes a version ready for a page; in is the address below which its file
// lies.
func (f *Feature) show(ctx context.Context, v Version, in string) *shown {
	s := &shown{Version: v, FileName: fileName(v), FileSize: int64(len(v.File)), FilePath: in + "/file/" + strconv.Itoa(v.Number), Zone: page.ViewerOf(ctx).Zone}
	end := time.Now().Add(colouringEnd)
	for _, t := range v.Texts {
		s.Codes = append(s.Codes, code{t.Name, coloured(t, end)})
	}
	s.Stated, _, _ = strings.Cut(v.FileType, ";")
	return s
}

// endings are the ends of file names by what a file looks like. Whatever a
// browser would run gets another.
func ending(fileType string) string {
	fileType, _, _ = strings.Cut(fileType, ";")
	switch fileType {
	case "application/zip":
		return ".zip"
	case "application/pdf":
		return ".pdf"
	case "application/x-gzip":
		return ".gz"
	case "image/png", "image/jpeg", "image/gif", "image/webp", "video/mp4":
		return "." + fileType[strings.IndexByte(fileType, '/')+1:]
	case "text/plain", "text/html", "text/xml":
		return ".txt"
	}
	return ".bin"
}

// fileName names a file by us: what its sender called it may tell who they are.
func fileName(v Version) string {
	return "project-" + strconv.Itoa(v.Number) + ending(v.FileType)
}

// sendFile hands a file over to be saved. No browser shows it here: it says of
// itself only that it is bytes.
func sendFile(w http.ResponseWriter, v Version) error {
	if len(v.File) == 0 {
		return fault.NotFound{What: "file"}
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Disposition", `attachment; filename="`+fileName(v)+`"`)
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(v.File)))
	_, err := w.Write(v.File)
	return err
}

// said is a review as a page shows it.
type said struct {
	Review
	HTML   template.HTML
	Who    string
	Handle string // of a reviewer who shows themselves and whose page is public
	Zone   *time.Location
}

func (f *Feature) said(ctx context.Context, q vault.Querier, lang *page.Language, r Review) (said, error) {
	s := said{Review: r, HTML: f.notes(lang, r.Notes), Who: roleWords(lang, r.Role), Zone: page.ViewerOf(ctx).Zone}
	if !r.Shown {
		return s, nil
	}
	var err error
	s.Handle, err = f.c.Handle(ctx, q, r.Reviewer)
	return s, err
}

// notes turns a reviewer's Markdown into HTML that is safe to show.
func (f *Feature) notes(lang *page.Language, markdown string) template.HTML {
	if strings.TrimSpace(markdown) == "" {
		return ""
	}
	return f.renderers[lang.Tag].Page(render.Home{}, course.MarkdownBlocks(markdown, 0)).HTML
}

func roleWords(lang *page.Language, role string) string {
	switch role {
	case "instructor":
		return lang.Text("An instructor of the course")
	case "organiser":
		return lang.Text("An organiser of the course")
	case "helper":
		return lang.Text("A helper of the course")
	}
	return lang.Text("Somebody of the course")
}

// numberOf reads the version that a page is asked for; without one it is the
// newest.
func numberOf(text string, newest int) (int, error) {
	if text == "" {
		return newest, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > newest {
		return 0, fault.NotFound{What: "version"}
	}
	return n, nil
}

// step is a version in the list of them.
type step struct {
	Number int
	At     time.Time
	Zone   *time.Location
	Here   bool
}

func stepsOf(ctx context.Context, s *Submission, here int) []step {
	all := make([]step, 0, s.version())
	for i := s.version(); i > 0; i-- {
		all = append(all, step{Number: i, At: s.Handed[i-1], Zone: page.ViewerOf(ctx).Zone, Here: i == here})
	}
	return all
}
