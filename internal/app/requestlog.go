package app

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"kept/internal/prove"
)

// shortLog tries that the log of requests tells little and is soon gone.
func (a *App) shortLog() prove.Check {
	return prove.Check{Promise: "F2", Feature: "app",
		How: "A page is opened, with a marker in its address. The log may hold neither the marker nor the full network address, and a day and an hour later no line of it may be left.",
		Try: func(ctx context.Context, s *prove.Site) (string, error) {
			marker := prove.Marker()
			if _, _, err := prove.Page(ctx, s.Browser(), s.URL+"/"+marker+"?q="+marker); err != nil {
				return "", err
			}
			if err := s.Advance(ctx, time.Second); err != nil {
				return "", err
			}
			lines, err := logged(s)
			if err != nil {
				return "", err
			}
			if strings.Contains(lines, marker) || strings.Contains(lines, "127.0.0.1") {
				return "", prove.Failed("the log holds what was asked for, or the full address")
			}
			seen := strings.Count(lines, "\n")
			if seen == 0 {
				return "", prove.Failed("there is no line that could be looked at")
			}
			if err := s.Advance(ctx, a.Config.logKeep()+time.Hour); err != nil {
				return "", err
			}
			left, err := logged(s)
			if err == nil && left != "" {
				err = prove.Failed("%d lines are left after their time", strings.Count(left, "\n"))
			}
			return fmt.Sprintf("%d lines, with cut addresses alone; none is left after %s", seen, a.Config.logKeep()), err
		}}
}

// logged is all that the log of requests holds.
func logged(s *prove.Site) (string, error) {
	var all strings.Builder
	for _, folder := range s.Folders {
		files, err := filepath.Glob(filepath.Join(folder, "logs", "*"))
		if err != nil {
			return "", err
		}
		for _, file := range files {
			raw, err := os.ReadFile(file)
			if err != nil {
				return "", err
			}
			all.Write(raw)
		}
	}
	return all.String(), nil
}
