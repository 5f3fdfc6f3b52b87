package course

// Shape is how a block is shown.
type Shape string

// The shapes of blocks. Loaders turn whatever their format has into these; an
// unknown thing becomes a Box with its own name as title, so no text is lost.
const (
	Prose   Shape = "prose"   // Text is Markdown
	HTML    Shape = "html"    // Text is HTML made by the loader; it is cleaned like any other
	Code    Shape = "code"    // Text is source text in Lang
	Figure  Shape = "figure"  // Address is a picture, Alt says what it shows, Text is the caption
	Box     Shape = "box"     // a titled note around Blocks; Style "tip", "warning" and so on
	Fold    Shape = "fold"    // a titled box that opens: a hint, a solution
	Tabs    Shape = "tabs"    // each of Blocks is a Tab; the choice is kept by Style across pages
	Tab     Shape = "tab"     // Title and Blocks
	Anchor  Shape = "anchor"  // Address is a name that links may lead to
	Section Shape = "section" // Blocks under a heading, Title
)

// Block is a piece of a page. It is a tree, so that boxes can hold pictures,
// lists of tabs and further boxes.
type Block struct {
	Shape   Shape
	Title   string // Markdown, one line
	Text    string
	Lang    string
	Style   string
	Address string
	Alt     string
	Line    int // in Version.File, from 1; 0: not known
	Blocks  []Block
}

// MarkdownBlocks is a single block of Markdown, or none if text is empty.
func MarkdownBlocks(text string, line int) []Block {
	if text == "" {
		return nil
	}
	return []Block{{Shape: Prose, Text: text, Line: line}}
}
