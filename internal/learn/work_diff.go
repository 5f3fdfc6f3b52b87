package learn

import "strings"

// diffFile is how a file changed, line by line.
type diffFile struct {
	Name  string
	Lines []diffLine
	Same  bool
}

// diffLine is a line of a comparison: "=" in both, "-" in the earlier text
// only, "+" in the later one only.
type diffLine struct{ Mark, Text string }

// diffFiles compares two sets of files by name.
func diffFiles(earlier, later []File) []diffFile {
	var all []diffFile
	seen := map[string]bool{}
	for _, file := range later {
		seen[file.Name] = true
		all = append(all, diffOf(file.Name, textOf(earlier, file.Name), file.Text))
	}
	for _, file := range earlier {
		if !seen[file.Name] {
			all = append(all, diffOf(file.Name, file.Text, ""))
		}
	}
	return all
}

func textOf(files []File, name string) string {
	for _, file := range files {
		if file.Name == name {
			return file.Text
		}
	}
	return ""
}

// mostCompared bounds the work of one comparison: the lines of one text times
// those of the other. Longer texts are shown as replaced.
const mostCompared = 4_000_000

func diffOf(name, earlier, later string) diffFile {
	a, b := linesOf(earlier), linesOf(later)
	d := diffFile{Name: name, Same: earlier == later}
	start := 0
	for start < len(a) && start < len(b) && a[start] == b[start] {
		d.Lines = append(d.Lines, diffLine{"=", a[start]})
		start++
	}
	end := 0
	for end < len(a)-start && end < len(b)-start && a[len(a)-1-end] == b[len(b)-1-end] {
		end++
	}
	d.Lines = append(d.Lines, diffMiddle(a[start:len(a)-end], b[start:len(b)-end])...)
	for _, line := range a[len(a)-end:] {
		d.Lines = append(d.Lines, diffLine{"=", line})
	}
	return d
}

func linesOf(text string) []string {
	text = strings.TrimSuffix(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// diffMiddle finds the longest common run of lines, in order.
func diffMiddle(a, b []string) []diffLine {
	if len(a)*len(b) > mostCompared {
		return append(marked("-", a), marked("+", b)...)
	}
	common := make([][]int32, len(a)+1)
	for i := range common {
		common[i] = make([]int32, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var out []diffLine
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i] == b[j]:
			out = append(out, diffLine{"=", a[i]})
			i, j = i+1, j+1
		case common[i+1][j] >= common[i][j+1]:
			out = append(out, diffLine{"-", a[i]})
			i++
		default:
			out = append(out, diffLine{"+", b[j]})
			j++
		}
	}
	return append(append(out, marked("-", a[i:])...), marked("+", b[j:])...)
}

func marked(mark string, lines []string) []diffLine {
	out := make([]diffLine, len(lines))
	for i, line := range lines {
		out[i] = diffLine{mark, line}
	}
	return out
}
