package learn

import (
	"regexp"
	"strings"

	"kept/internal/course"
)

// The frame in which code runs may load nothing, so pictures of the course that
// an exercise names are handed over to it by the lesson's page.

// pictureNames finds what may be the name of a picture in code.
var pictureNames = regexp.MustCompile(`(?i)[\w./-]{1,120}\.(?:png|jpe?g|gif|webp|svg|avif)\b`)

const (
	mostPictures = 20
	mostPicture  = 512 << 10 // bytes of one
)

// pictures are the course's own pictures that an exercise's files or solutions
// name: addresses by the names that stand there.
func (e *edition) pictures(p *course.Place) map[string]string {
	x := p.Lesson.In().Exercise
	if x == nil || x.Engine != course.Page && x.Engine != course.React {
		return nil
	}
	found := map[string]string{}
	for _, files := range append([][]course.File{x.Files}, x.Solutions...) {
		for _, file := range files {
			for _, name := range pictureNames.FindAllString(file.Text, -1) {
				name = strings.TrimPrefix(name, "./")
				if found[name] == "" && len(found) < mostPictures && e.small(p.Course, name) {
					found[name] = filePath(p.Course, name)
				}
			}
		}
	}
	return found
}

// small tells whether the course has a file of that name that is no larger
// than a picture in a preview may be.
func (e *edition) small(c *course.Course, name string) bool {
	file, err := e.OpenAsset(c, name)
	if err != nil {
		return false
	}
	defer file.Close()
	info, err := file.Stat()
	return err == nil && info.Size() <= mostPicture
}
