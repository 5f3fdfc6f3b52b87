package page

// Head is what the layout needs of a page. Every page struct embeds it.
type Head struct {
	Title       string // shown before the community's name; empty on the first page
	Description string // one sentence for search engines and previews
	Current     string // path of the navigation entry that this page belongs to
	// Knows says what this page remembers of its reader, as the rest of the
	// sentence "What this page remembers of you: …". Render refuses a page
	// without it.
	Knows string

	Canonical  string // path; its absolute form goes into the head
	Original   string // address elsewhere at which this was published first; it goes into the head instead
	Properties []Property
	Image      string // path of the preview picture
	NoIndex    bool
	Feeds      []Feed
	Alternates []Alternate // this page in other languages
	Scripts    []string    // names of static files, loaded as modules
	Styles     []string    // names of static files besides kept.css
	Bar        string      // name of a template shown between page and foot, as an exercise's buttons
	Wrong      bool        // the page shows an error summary; the title says so first
}

// Property is more for previews of this page by the Open Graph protocol, as
// og:type.
type Property struct{ Name, Content string }

// Feed is a feed of a page.
type Feed struct{ Path, Title, Type string }

// Alternate is a page in another language. Name is that language's own word
// for itself; Dir is "rtl" where it runs from right to left; Path is a path of
// this site.
type Alternate struct{ Lang, Name, Dir, Path string }

func (h *Head) head() *Head { return h }

// Page is a pointer to any struct that embeds Head.
type Page interface{ head() *Head }
