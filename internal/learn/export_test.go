package learn

// Diff is the comparison of two texts.
func Diff(earlier, later string) []diffLine { return diffOf("", earlier, later).Lines }
