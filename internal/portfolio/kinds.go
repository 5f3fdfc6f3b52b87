package portfolio

import (
	"errors"

	"kept/internal/page"
	"kept/vault"
)

// Text is a detail that is a text.
type Text struct {
	Text string `json:"text" doc:"what you wrote"`
}

// Picture is a square picture of a member, drawn anew from what was sent.
type Picture struct {
	Large []byte `json:"large" doc:"JPEG of 256 by 256 dots"`
	Small []byte `json:"small" doc:"JPEG of 96 by 96 dots"`
	Words string `json:"words" doc:"what can be seen, for those who cannot see it"`
}

// Link is another place of a member on the web.
type Link struct {
	Label   string `json:"label" doc:"how it is called"`
	Address string `json:"address" doc:"where it leads, beginning with https://"`
	Order   int    `json:"order" doc:"its place among the links"`
}

// Project is something that a member made.
type Project struct {
	Title   string `json:"title" doc:"how it is called"`
	What    string `json:"what" doc:"what it is"`
	Address string `json:"address" doc:"where it can be seen, beginning with https://; may be empty"`
	Order   int    `json:"order" doc:"its place among the projects"`
}

// Settings say how the page as a whole behaves. An empty one is a page that may
// be listed and has a picture of the year; a word that is not known shows less.
type Settings struct {
	Search string `json:"search" doc:"whether search engines may list the page: list, or leave out"`
	Year   string `json:"year" doc:"whether the page has a picture of the year: show, or hide"`
}

// Words of the settings.
const (
	searchList, searchNot = "list", "leave out"
	yearShow, yearHide    = "show", "hide"
)

func (s Settings) noIndex() bool  { return s.Search != "" && s.Search != searchList }
func (s Settings) hideYear() bool { return s.Year != "" && s.Year != yearShow }

// toShow is the purpose of everything in here. Who objects to it has no page.
const toShow = "your page"

// Bounds of what can be typed, in characters.
const (
	maxLine    = 80
	maxAbout   = 2000
	maxWhat    = 500
	maxAddress = 500
	maxOrder   = 999
)

type kinds struct {
	name, location, about vault.Kind[Text]
	picture               vault.Kind[Picture]
	links                 vault.Kind[Link]
	projects              vault.Kind[Project]
	settings              vault.Kind[Settings]
}

func declare(reg *vault.Registry) kinds {
	return kinds{
		name: declareText(reg, maxLine, vault.Spec[Text]{Name: "name", Title: page.Key("Name"),
			Sentence: page.Key("The name on your page, as you wrote it.")}),
		location: declareText(reg, maxLine, vault.Spec[Text]{Name: "location", Title: page.Key("Place"),
			Sentence: page.Key("The place on your page, as you wrote it.")}),
		about: declareText(reg, maxAbout, vault.Spec[Text]{Name: "about", Title: page.Key("About you"),
			Sentence: page.Key("What you wrote about yourself for your page.")}),
		picture: vault.Declare(reg, onPage(vault.Spec[Picture]{Name: "picture", Title: page.Key("Picture"),
			Sentence: page.Key("The picture on your page, drawn anew so that nothing else is in the file: no place, no camera, no time."),
			Single:   true, ByProgram: true, Check: checkPicture,
			Describe: func(p Picture) string { return p.Words }})),
		links: vault.Declare(reg, onPage(vault.Spec[Link]{Name: "link", Title: page.Key("Link"),
			Sentence: page.Key("A place of yours on the web, for your page."),
			Check:    checkLink,
			Describe: func(l Link) string { return l.Label + ", " + l.Address }})),
		projects: vault.Declare(reg, onPage(vault.Spec[Project]{Name: "project", Title: page.Key("Project"),
			Sentence: page.Key("Something you made, for your page."),
			Check:    checkProject,
			Describe: func(p Project) string { return p.Title }})),
		settings: declareSettings(reg),
	}
}

// onPage adds what all that can be shown has in common.
func onPage[T any](s vault.Spec[T]) vault.Spec[T] {
	s.Purposes, s.Basis, s.Retention = []string{toShow}, vault.Contract, vault.UntilErased()
	s.Audience, s.Audiences, s.Portable = vault.AnyoneMaySee, []vault.Audience{vault.OnlyMe, vault.AnyoneMaySee}, true
	return s
}

func declareText(reg *vault.Registry, most int, s vault.Spec[Text]) vault.Kind[Text] {
	s.Single = true
	s.Check = func(t Text) error { return bounded(t.Text, 1, most) }
	s.Describe = func(t Text) string { return t.Text }
	return vault.Declare(reg, onPage(s))
}

// declareSettings: they are read to serve the page and shown to nobody.
func declareSettings(reg *vault.Registry) vault.Kind[Settings] {
	return vault.Declare(reg, vault.Spec[Settings]{Name: "page-settings", Title: page.Key("Settings of your page"),
		Sentence: page.Key("Whether search engines may list your page, and whether it has a picture of your year."),
		Purposes: []string{toShow}, Basis: vault.Contract, Retention: vault.UntilErased(),
		Audience: vault.OnlyMe, Single: true, Portable: true,
		Describe: func(s Settings) string { return "search: " + s.Search + ", year: " + s.Year }})
}

func checkLink(l Link) error {
	return errors.Join(bounded(l.Label, 1, maxLine), ordered(l.Order), secureAddress(l.Address))
}

func checkProject(p Project) error {
	err := errors.Join(bounded(p.Title, 1, maxLine), bounded(p.What, 0, maxWhat), ordered(p.Order))
	if p.Address == "" {
		return err
	}
	return errors.Join(err, secureAddress(p.Address))
}
