// Command kept runs a home for a community that teaches. See README.md.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"kept/internal/app"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := app.Main(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
