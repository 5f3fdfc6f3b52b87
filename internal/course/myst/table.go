package myst

import (
	"encoding/csv"
	"errors"
	"io"
	"strconv"
	"strings"

	"kept/internal/course"
	"kept/internal/course/mathml"
)

// cell is what stands in one field of a table: one line of Markdown, or blocks.
type cell []course.Block

// table is any of the directives that make tables, with the title above.
func (w *writer) table(d *directive) []course.Block {
	var blocks []course.Block
	title := d.arg
	if title != "" {
		blocks = append(blocks, course.Block{Shape: course.Prose, Text: "**" + oneLine(w.inline(title, d.line)) + "**", Line: d.line})
	}
	switch specOf(d.name).shape {
	case tableShape:
		return append(blocks, w.blocks(d.pieces)...)
	case csvShape:
		return append(blocks, w.csvTable(d)...)
	}
	return append(blocks, w.listTable(d)...)
}

func (w *writer) csvTable(d *directive) []course.Block {
	body := joinLines(trimBlank(d.body))
	if file := d.opts["file"]; file != "" {
		_, text, err := w.readInside(w.from, file)
		if err != nil {
			w.warn(d.line, "%v", err)
			return nil
		}
		body = text
	}
	heads := headerRows(d)
	var rows [][]cell
	if header := d.opts["header"]; header != "" {
		first, _ := w.records(d, header)
		rows = append(rows, first...)
		heads++
	}
	more, err := w.records(d, body)
	if err != nil {
		w.warn(d.line, "the table is not CSV and is shown as it was written (%v); put text with a comma or quotation mark in quotes", err)
		return []course.Block{{Shape: course.Code, Text: body, Line: d.line}}
	}
	return w.tableBlock(append(rows, more...), heads, d.line)
}

func headerRows(d *directive) int {
	n, err := strconv.Atoi(d.opts["header-rows"])
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// records reads CSV.
func (w *writer) records(d *directive, text string) ([][]cell, error) {
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord, r.TrimLeadingSpace = -1, true
	r.Comma = separator(d)
	var rows [][]cell
	for {
		fields, err := r.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, err
		}
		var row []cell
		for _, field := range fields {
			row = append(row, cell(course.MarkdownBlocks(w.inline(strings.TrimSpace(field), d.line), d.line)))
		}
		rows = append(rows, row)
		w.noteMinutes(fields)
	}
}

func separator(d *directive) rune {
	sign := d.opts["delim"]
	if sign == "" {
		sign = d.opts["delimiter"]
	}
	switch sign {
	case "tab":
		return '\t'
	case "space":
		return ' '
	}
	for _, r := range sign {
		if r != '"' && r != '\n' && r != '\r' {
			return r
		}
	}
	return ','
}

// listTable reads rows written as a list of lists.
func (w *writer) listTable(d *directive) []course.Block {
	var rows [][]cell
	for _, row := range listItems(dedent(d.body), "*-") {
		var cells []cell
		for _, field := range listItems(row, "-*") {
			s := &scanner{page: w.from, book: w.book}
			cells = append(cells, cell(w.blocks(s.scan(field, 1))))
		}
		rows = append(rows, cells)
	}
	if len(rows) == 0 && len(trimBlank(d.body)) > 0 {
		w.warn(d.line, "the table has no rows; begin each row with * - and each further cell with -")
		return []course.Block{{Shape: course.Code, Text: joinLines(d.body), Line: d.line}}
	}
	return w.tableBlock(rows, headerRows(d), d.line)
}

// listItems takes a list apart. Lines before the first mark make an item too,
// so that nothing is lost.
func listItems(lines []line, marks string) [][]line {
	var items [][]line
	width := 0
	for _, l := range lines {
		text := expand(l.text)
		n := itemMark(text)
		switch {
		case n > 0 && strings.IndexByte(marks, text[0]) >= 0:
			width = n
			items = append(items, []line{{text: text[min(n, len(text)):], num: l.num}})
		case len(items) == 0 && isBlank(text):
		case len(items) == 0:
			items = append(items, []line{l})
		default:
			items[len(items)-1] = append(items[len(items)-1], line{text: outdent(text, width), num: l.num})
		}
	}
	return items
}

// maxCells bounds a table.
const maxCells = 20_000

// tableBlock writes a table. The tags stand on lines of their own, so that
// Markdown begins again in each cell that holds more than a line.
func (w *writer) tableBlock(rows [][]cell, heads, num int) []course.Block {
	if len(rows) == 0 {
		return nil
	}
	out := []string{"<table>"}
	cells := 0
	for i, row := range rows {
		tag := "td"
		if i < heads {
			tag = "th"
		}
		out = append(out, "<tr>")
		for _, c := range row {
			if cells++; cells > maxCells {
				w.warn(num, "the table has more than %d cells and the rest is left out; split it", maxCells)
				return []course.Block{{Shape: course.Prose, Text: strings.Join(append(out, "</tr>", "</table>"), "\n"), Line: num}}
			}
			out = append(out, "<"+tag+">")
			out = append(out, markdownOf(c)...)
			out = append(out, "</"+tag+">")
		}
		out = append(out, "</tr>")
	}
	return []course.Block{{Shape: course.Prose, Text: strings.Join(append(out, "</table>"), "\n"), Line: num}}
}

// formula is a formula that stands alone.
func (w *writer) formula(d *directive) []course.Block {
	tex := strings.TrimSpace(d.arg + "\n" + joinLines(d.body))
	markup, err := mathml.Convert(tex, true)
	if err != nil {
		w.warn(d.line, "the formula %q is shown as its source, because %v; write it with other commands", cut(oneLine(tex)), err)
		return []course.Block{{Shape: course.Code, Lang: "tex", Text: tex, Line: d.line}}
	}
	if d.number > 0 {
		markup += " <span>(" + itoa(d.number) + ")</span>"
	}
	return []course.Block{{Shape: course.HTML, Text: `<div class="math">` + markup + `</div>`, Line: d.line}}
}
