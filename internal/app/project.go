package app

import (
	"context"
	"database/sql"
	"errors"

	"kept/internal/account"
	"kept/internal/learn"
	"kept/internal/mail"
	"kept/internal/project"
	"kept/internal/right"
	"kept/vault"
)

// openProjects makes the feature and hands it what it needs of others.
func (a *App) openProjects() (err error) {
	a.features.project, err = project.New(a.Registry, project.Config{
		Catalogue: a.library.Catalogue,
		Who: func(ctx context.Context) (project.Member, bool) {
			m, ok := whoOf(ctx)
			return project.Member(m), ok
		},
		As: func(ctx context.Context, role, scope string) (vault.Who, bool) {
			return account.MemberOf(ctx).As(role, scope)
		},
		Required: account.Required,
		Knows:    a.knows,
		Handle:   a.features.account.PublicHandle,
		Letter:   a.letterTo,
		GiveRole: a.features.account.GiveRole,
		AnswerBy: right.AnswerBy,
		Accepted: a.acceptedByPerson,
		Stops:    learn.StopsPath,
		Kept: func(ctx context.Context, q vault.Querier, owner vault.OwnerID, lesson string) ([]project.Text, error) {
			files, err := a.features.learn.Kept(ctx, q, owner, lesson)
			return textsOf(files), err
		},
	})
	return err
}

// people are those to whom a lesson turns with a project, or where a machine
// errs: the reviewers of its course.
func (a *App) people() *learn.People {
	return &learn.People{
		HandIn: project.HandInPath,
		Path:   "/projects",
		Ask: func(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, lesson string, p learn.Plea) error {
			return a.features.project.Ask(ctx, tx, owner, lesson, project.Plea{Texts: textsOf(p.Files), Note: p.Note, Check: p.Check})
		},
		Answer: func(ctx context.Context, q vault.Querier, owner vault.OwnerID, lesson string) (learn.Answer, error) {
			s, err := a.features.project.Standing(ctx, q, owner, lesson)
			states := map[project.State]learn.AnswerState{project.Waiting: learn.AnswerWaits, project.Second: learn.AnswerWaits,
				project.Accepted: learn.AnswerAccepted, project.Changes: learn.AnswerChanges}
			return learn.Answer{State: states[s.State], At: s.At, Due: s.Due, Path: s.Path}, err
		},
	}
}

func textsOf(files []learn.File) []project.Text {
	var texts []project.Text
	for _, file := range files {
		texts = append(texts, project.Text{Name: file.Name, Text: file.Text})
	}
	return texts
}

// acceptedByPerson finishes the lesson whose project, or whose code, somebody
// of the course has accepted.
func (a *App) acceptedByPerson(ctx context.Context, tx *sql.Tx, owner vault.OwnerID, lesson string, code []project.Text) error {
	var files []learn.File
	for _, text := range code {
		files = append(files, learn.File{Name: text.Name, Text: text.Text})
	}
	return a.features.learn.AcceptedByPerson(ctx, tx, owner, lesson, files)
}

// openRequests counts what waits for a person's answer by a day: what members
// ask about their data, and verdicts of machines that they do not believe.
func (a *App) openRequests(ctx context.Context) (open, late int, err error) {
	open, late, err = a.features.right.OpenRequests(ctx)
	if err != nil {
		return 0, 0, err
	}
	verdicts, lateVerdicts, err := a.features.project.OpenRequests(ctx)
	return open + verdicts, late + lateVerdicts, err
}

// owedTo lists the verdicts of machines that a member does not believe and a
// person has not looked at, for "your data".
func (a *App) owedTo(ctx context.Context, q vault.Querier, owner vault.OwnerID) ([]right.Owed, error) {
	all, err := a.features.project.Owed(ctx, q, owner)
	var owed []right.Owed
	for _, s := range all {
		owed = append(owed, right.Owed{Title: s.Title, Path: s.Path, Asked: s.At, Due: s.Due})
	}
	return owed, err
}

// letterTo says where a letter about the service goes, and in which language.
func (a *App) letterTo(ctx context.Context, q vault.Querier, owner vault.OwnerID) (to mail.Receiver, lang string, ok bool, err error) {
	to, err = a.features.account.Receiver(ctx, q, owner, "service mail")
	if errors.Is(err, account.ErrNoMail) {
		return to, "", false, nil
	}
	if err != nil {
		return to, "", false, err
	}
	_, lang, err = a.features.account.ZoneAndLanguage(ctx, q, owner)
	return to, lang, err == nil, err
}
