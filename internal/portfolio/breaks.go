package portfolio

import "kept/internal/prove"

// The ways to break the promises on purpose; see package sabotage.
const (
	breakStaleCache = "portfolio-stale-cache"
	breakOpenAtOnce = "portfolio-open-at-once"
	breakJSONLacks  = "portfolio-json-lacks"
	breakFillsName  = "portfolio-fills-name"
)

// Breaks are the ways to break what this package promises.
func (f *Feature) Breaks() []prove.Break {
	return []prove.Break{
		{Name: breakStaleCache, What: "a page stays in memory when its member hides something", Breaks: []string{"F6", "F7"}},
		{Name: breakOpenAtOnce, What: "pages show before their members said yes", Breaks: []string{"F6"}},
		{Name: breakJSONLacks, What: "the JSON of a page leaves projects out", Breaks: []string{"F15"}},
		{Name: breakFillsName, What: "a page that is made public gets a name from its handle", Breaks: []string{"C1"}},
	}
}
