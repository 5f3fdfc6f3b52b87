// Package floors holds no code, only tests of the tree as a whole.
//
// It owns the drawing of the house: which package stands on which floor, what it may import, and which modules by others
// it may use (house_test.go, the one place to change when a package or a module is added); and the bounds that every
// file keeps (tree_test.go). It refuses exceptions by file: a bound that is wrong is changed for all. Start at house.
package floors
