package myst

import "strings"

// maxDiff bounds the table that comparing takes: rows of one file times rows
// of the other.
const maxDiff = 4_000_000

// diff shows what changed between two texts, with three lines around each
// change. It is false if the texts are too long to compare.
func diff(old, new []line) ([]line, bool) {
	if len(old)*len(new) > maxDiff {
		return nil, false
	}
	common := commonTable(old, new)
	var out []line
	i, j := 0, 0
	for i < len(old) || j < len(new) {
		switch {
		case i < len(old) && j < len(new) && old[i].text == new[j].text:
			out = append(out, line{text: " " + old[i].text, num: new[j].num})
			i++
			j++
		case j == len(new) || i < len(old) && common[i+1][j] >= common[i][j+1]:
			out = append(out, line{text: "-" + old[i].text, num: old[i].num})
			i++
		default:
			out = append(out, line{text: "+" + new[j].text, num: new[j].num})
			j++
		}
	}
	return aroundChanges(out), true
}

// commonTable counts, for each pair of places, the lines that both have from
// there on in the same order.
func commonTable(old, new []line) [][]int32 {
	table := make([][]int32, len(old)+1)
	for i := range table {
		table[i] = make([]int32, len(new)+1)
	}
	for i := len(old) - 1; i >= 0; i-- {
		for j := len(new) - 1; j >= 0; j-- {
			if old[i].text == new[j].text {
				table[i][j] = table[i+1][j+1] + 1
			} else {
				table[i][j] = max(table[i+1][j], table[i][j+1])
			}
		}
	}
	return table
}

func aroundChanges(lines []line) []line {
	const around = 3
	near := make([]bool, len(lines))
	for i, l := range lines {
		if strings.HasPrefix(l.text, " ") {
			continue
		}
		for k := max(0, i-around); k <= min(len(lines)-1, i+around); k++ {
			near[k] = true
		}
	}
	var out []line
	for i, l := range lines {
		if near[i] {
			out = append(out, l)
		} else if i > 0 && near[i-1] {
			out = append(out, line{text: "@@ … @@", num: l.num})
		}
	}
	return out
}
