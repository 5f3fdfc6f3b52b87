package right

import (
	"html/template"
	"slices"
	"strconv"

	"kept/internal/page"
	"kept/vault"
)

// band is the part of the picture for one audience.
type band struct {
	Icon, Title string
	Lines       []line
}

// line is one kind in a band.
type line struct {
	Title   string
	Count   int
	Purpose string
	Until   string
	Bar     template.HTML
}

// picture draws what is held: who sees it, and until when. Bars begin today and
// end on the last day of the line; the scale names the years.
func picture(lang *page.Language, groups []vault.Group, today vault.Day, open bool) ([]band, []string) {
	span := spanOf(groups, today)
	public := lang.Text("Anyone can see")
	if !open {
		public = lang.Text("Only you can see, until you make your page public; then anyone")
	}
	bands := []band{
		{Icon: "anyone", Title: public},
		{Icon: "team", Title: lang.Text("The team can see, for one purpose")},
		{Icon: "you", Title: lang.Text("Only you can see")},
	}
	order := map[vault.Audience]int{vault.AnyoneMaySee: 0, vault.Team: 1, vault.OnlyMe: 2}
	for _, g := range joined(groups) {
		b := &bands[order[g.Audience]]
		purpose := ""
		if len(g.Info.Purposes) > 0 {
			purpose = lang.Text(g.Info.Purposes[0])
		}
		b.Lines = append(b.Lines, line{Title: lang.Text(g.Info.Title), Count: g.Count, Purpose: purpose,
			Until: endText(lang, g), Bar: bar(g, today, span)})
	}
	bands = slices.DeleteFunc(bands, func(b band) bool { return len(b.Lines) == 0 })
	return bands, scale(lang, today, span)
}

// joined makes one line of all groups of a kind and audience, as far as they end alike.
func joined(groups []vault.Group) []vault.Group {
	var all []vault.Group
	for _, g := range groups {
		i := slices.IndexFunc(all, func(o vault.Group) bool {
			return o.Info.Name == g.Info.Name && o.Audience == g.Audience && (o.Expires >= vault.Never) == (g.Expires >= vault.Never)
		})
		if i < 0 {
			all = append(all, g)
			continue
		}
		all[i].Count += g.Count
		all[i].Expires = max(all[i].Expires, g.Expires)
	}
	return all
}

// shortest is the span of the picture when everything ends soon, in days.
const shortest vault.Day = 365

func spanOf(groups []vault.Group, today vault.Day) vault.Day {
	span := shortest
	for _, g := range groups {
		if g.Expires < vault.Never {
			span = max(span, g.Expires-today)
		}
	}
	return span
}

func endText(lang *page.Language, g vault.Group) string {
	switch law := g.Info.Retention.Law(); {
	case g.Expires >= vault.Never:
		return lang.Text("until you erase it")
	case law != "":
		return lang.Text("%s, by law: %s", dayText(lang, g.Expires), lang.Text(law))
	}
	return dayText(lang, g.Expires)
}

const barWidth = 384

// bar draws a life as the looks have it: an arrow until erased, a block that
// ends, stripes for what a law holds.
func bar(g vault.Group, today, span vault.Day) template.HTML {
	track := `<path stroke="currentColor" opacity=".35" d="M0 6h400"/>`
	if g.Expires >= vault.Never {
		return template.HTML(track + `<path fill="currentColor" d="M0 4h384v4h-384zM384 0l16 6-16 6z"/>`)
	}
	end := strconv.Itoa(max(4, int(int64(g.Expires-today)*barWidth/int64(span))))
	if g.Info.Retention.Law() != "" {
		return template.HTML(track + `<path stroke="currentColor" stroke-width="8" stroke-dasharray="3 4" d="M0 6H` + end + `"/>`)
	}
	return template.HTML(track + `<path fill="currentColor" d="M0 2h` + end + `v8H0z"/>`)
}

// scale names today and the years at a third, two thirds and the end.
func scale(lang *page.Language, today, span vault.Day) []string {
	names := []string{lang.Text("today")}
	for third := vault.Day(1); third <= 3; third++ {
		at := (today + span*third/3).Time()
		if span <= 2*shortest {
			names = append(names, at.Format("2006-01"))
		} else {
			names = append(names, strconv.Itoa(at.Year()))
		}
	}
	return names
}
