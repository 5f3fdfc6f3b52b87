//go:build !sabotage

package sabotage

// On says that the program can be broken on purpose.
const On = false

// Is reports whether the program is broken in the named way: never.
func Is(string) bool { return false }
