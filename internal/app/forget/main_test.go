package forget

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
)

var (
	trials = flag.Int("trials", 4, "trials of each engine and mode")
	begin  = flag.Int("first", 0, "number of the first trial, to do one again")
	seed   = flag.Uint64("seed", 0, "seed of the trials; 0 takes one by chance")
)

// ordered names the variable that makes the test binary the program that is
// tried.
const ordered = "KEPT_FORGET_ORDER"

// TestMain is the program that is tried, or runs the tests.
func TestMain(m *testing.M) {
	text, isLife := os.LookupEnv(ordered)
	if !isLife {
		flag.Parse()
		if *seed == 0 {
			*seed = rand.Uint64()
		}
		if testing.Short() {
			*trials = min(*trials, 2)
		}
		os.Exit(m.Run())
	}
	var o order
	err := json.Unmarshal([]byte(text), &o)
	if err == nil {
		err = live(context.Background(), o, os.Stdout)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
