package freecodecamp

import (
	"encoding/json"
	"regexp"
	"strings"

	"kept/internal/course"
	"kept/internal/course/frontmatter"
)

// sceneFile is what of a scene can be shown without its drawings.
type sceneFile struct {
	Setup struct {
		Background string
		Audio      struct {
			Filename        string
			StartTime       float64
			StartTimestamp  float64
			FinishTimestamp float64
		}
	}
	Commands []struct {
		Character string
		StartTime float64
		Dialogue  *struct{ Text string }
	}
}

// scene reads a conversation. Its recording lies with the original site.
func (d *draft) scene(p part) {
	d.strangers(p)
	blocks, rest := codes(p.text, p.from)
	d.extra = append(d.extra, d.prose(rest.text, rest.from)...)
	var file sceneFile
	if len(blocks) != 1 || json.Unmarshal([]byte(blocks[0].text), &file) != nil {
		d.warn(p.line, "the scene is not one block of json and is shown as it is; correct it")
		d.extra = append(d.extra, d.prose(p.text[:len(p.text)-len(rest.text)], p.from)...)
		return
	}
	d.extra = append(d.extra, d.prose(blocks[0].before.text, blocks[0].before.from)...)
	audio := file.Setup.Audio
	d.audio = audio.Filename
	scene := &course.Scene{Place: file.Setup.Background, Start: audio.StartTimestamp, End: audio.FinishTimestamp}
	for _, c := range file.Commands {
		if c.Dialogue != nil && c.Dialogue.Text != "" {
			at := max(0, c.StartTime-audio.StartTime)
			scene.Lines = append(scene.Lines, course.Line{Who: c.Character, Text: c.Dialogue.Text, At: at})
		}
	}
	if len(scene.Lines) == 0 {
		d.warn(p.line, "nobody says anything in the scene; add a command with a dialogue")
	}
	d.version.Scene = scene
}

var filmID = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// readFilm takes the film of the file's own language, if there is one.
func (d *draft) readFilm(head *frontmatter.Fields, folder string) {
	id := head.Text("videoId")
	if group, ok := head.Group("videoLocaleIds", "english"); ok {
		if own := group.Text(folder); own != "" {
			id = own
		}
	}
	switch {
	case id == "":
	case filmID.MatchString(id):
		d.version.Video = &course.Film{Provider: "youtube.com", ID: id, Address: "https://www.youtube.com/watch?v=" + id}
	default:
		d.warn(head.Line("videoId"), "videoId is %q; write the letters and digits behind watch?v=", short(id))
	}
	d.moreOnIt(head)
}

// moreOnIt links to what explains the same elsewhere. In spite of its name
// the field often holds the address of an article.
func (d *draft) moreOnIt(head *frontmatter.Fields) {
	address := head.Text("videoUrl")
	switch {
	case address == "":
	case isWeb(address):
		d.extra = append(d.extra, course.MarkdownBlocks("<"+address+">", head.Line("videoUrl"))...)
	default:
		d.warn(head.Line("videoUrl"), "videoUrl is %q; write an address that begins with https://", short(strings.TrimSpace(address)))
	}
}
