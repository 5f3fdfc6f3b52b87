// Package forget tries whether anything is left of what was erased: it runs the
// whole program in a process of its own, plants words in every kind of record,
// erases some of them by the real pages, kills the process at random moments,
// starts it again, and then looks through every file that it wrote. It also
// measures how long forgetting takes.
//
// It holds tests and benchmarks only. docs/forgetting.md tells the results.
//
//	go test ./internal/app/forget -trials 1000 -seed 1 -timeout 0
//	go test -tags sabotage ./internal/app/forget -trials 1000
//	go test ./internal/app/forget -run '^$' -bench . -benchtime 1x
//
// Start at try in trial_test.go for what a trial is, and at life in
// life_test.go for what the program goes through.
package forget
