// Package harness holds the scripts with which every realm of a check begins.
//
// harden.js is for any engine: it makes built-ins unchangeable. realm.js is the
// surroundings of learners' code in QuickJS. This package only holds them.
package harness

import _ "embed"

// Harden and Realm are the scripts; each says in its head what its value is.
var (
	//go:embed harden.js
	Harden string
	//go:embed realm.js
	Realm string
)
