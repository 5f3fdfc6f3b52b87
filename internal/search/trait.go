package search

// traits are what one can choose documents by, as small numbers: counting
// thousands by their names would cost more than finding them.
type traits struct {
	of      []trait // by document
	names   [3][]string
	numbers [3]map[string]uint16
}

// trait holds a document's kind, language and course.
type trait [3]uint16

const (
	byKind = iota
	byLang
	byCourse
)

func newTraits() traits {
	var t traits
	for i := range t.numbers {
		t.numbers[i] = map[string]uint16{}
	}
	return t
}

func (t *traits) put(d *Document) {
	var of trait
	for i, name := range [3]string{string(d.Kind), d.Lang, d.Course} {
		n, known := t.numbers[i][name]
		if !known {
			n = uint16(len(t.names[i]))
			t.numbers[i][name] = n
			t.names[i] = append(t.names[i], name)
		}
		of[i] = n
	}
	t.of = append(t.of, of)
}

// wish is what was chosen of each; whichever means all.
type wish [3]int

const whichever = -1

// wanted is what a question chooses. What does not exist is had by none.
func (t *traits) wanted(q Query) wish {
	w := wish{whichever, whichever, whichever}
	for i, name := range [3]string{string(q.Kind), q.Lang, q.Course} {
		if name == "" {
			continue
		}
		w[i] = len(t.names[i])
		if n, known := t.numbers[i][name]; known {
			w[i] = int(n)
		}
	}
	return w
}

// counter counts documents by each of their traits, without regard to what was
// chosen of the same.
type counter struct {
	*traits
	counts [3][]int
}

func (t *traits) counter() *counter {
	c := &counter{traits: t}
	for i := range c.counts {
		c.counts[i] = make([]int, len(t.names[i]))
	}
	return c
}

// see counts a document and tells whether it has all that was chosen.
func (c *counter) see(of trait, w wish) bool {
	misses, last := 0, 0
	for i, n := range of {
		if w[i] != whichever && w[i] != int(n) {
			misses, last = misses+1, i
		}
	}
	switch misses {
	case 0:
		for i, n := range of {
			c.counts[i][n]++
		}
		return true
	case 1:
		c.counts[last][of[last]]++
	}
	return false
}

func (c *counter) tell(f *Found) {
	for n, count := range c.counts[byKind] {
		if count > 0 {
			f.ByKind[Kind(c.names[byKind][n])] = count
		}
	}
	for i, to := range map[int]map[string]int{byLang: f.ByLang, byCourse: f.ByCourse} {
		for n, count := range c.counts[i] {
			if name := c.names[i][n]; count > 0 && name != "" {
				to[name] = count
			}
		}
	}
}
