//go:build !sabotage

package sabotage

// Is reports whether the program is broken in the named way: never.
func Is(string) bool { return false }
