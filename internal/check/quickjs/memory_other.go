//go:build !unix

package quickjs

import "context"

func withMemory(ctx context.Context) (context.Context, error) { return ctx, nil }
