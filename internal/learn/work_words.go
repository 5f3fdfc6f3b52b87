package learn

import "kept/internal/page"

// benchWords are the words that the script of an exercise puts into its page.
// {name} stands for what it fills in.
func benchWords(lang *page.Language) map[string]string {
	return map[string]string{
		"passes": lang.Text("Passes:"), "notYet": lang.Text("Not yet:"), "notRun": lang.Text("Not run:"), "runs": lang.Text("Running:"),
		"said":       lang.Text("{met} of {all} pass."),
		"all":        lang.Text("All {all} tests pass."),
		"here":       lang.Text("Ran in this browser."),
		"running":    lang.Text("Running your code …"),
		"ranPlain":   lang.Text("Your code ran."),
		"loading":    lang.Text("Fetching {what}: {done} of {all} MB."),
		"stopped":    lang.Text("Stopped."),
		"crash":      lang.Text("Your code could not be run here. Reload the page and try again."),
		"timeout":    lang.Text("Your code did not come to an end, so it was stopped. Look for a loop that never ends."),
		"memory":     lang.Text("Your code asked for more memory than there is. Look for a list that grows without end."),
		"output":     lang.Text("Your code printed without end, so it was stopped."),
		"syntax":     lang.Text("Your code cannot be read. Look at the first message below."),
		"cheat":      lang.Text("Your code changed what the tests are made with, so they could not be trusted."),
		"lines":      lang.Text("Console, lines: {count}"),
		"line":       lang.Text("Console, 1 line"),
		"console":    lang.Text("Console"),
		"savedHere":  lang.Text("Kept in this browser."),
		"savedThere": lang.Text("Kept in your account."),
		"savedLater": lang.Text("Kept in this browser. It goes to your account once there is a connection."),
		"notSaved":   lang.Text("This browser does not let pages keep anything: copy your code before you leave."),
		"locked":     lang.Text("Only the tinted lines are yours to change."),
		"waiting":    lang.Text("Handed in. It is being checked on this site …"),
		"checked":    lang.Text("Checked on this site: every test passes. The lesson is done."),
		"failed":     lang.Text("Checked on this site: {met} of {all} pass."),
		"unchecked":  lang.Text("The check could not be carried out. Your code is kept; hand it in again in a while."),
		"handFailed": lang.Text("It could not be handed in: the connection is gone. Your code is kept in this browser; try again in a minute."),
		"empty":      lang.Text("Write some code first: this is what the lesson begins with."),
		"handIn":     lang.Text("Hand in"),
		"done":       lang.Text("Every test passes: the lesson is done. Kept in this browser only."),
		"another":    lang.Text("What you typed in another tab stands here now."),
		"choose":     lang.Text("Another device sent other code for this lesson. Choose above which to go on with."),
		"early":      lang.Text("The code that this browser kept stands here again. \"Bring my code back\" shows what you have just typed."),
		"away":       lang.Text("Your code needs something that this browser has not fetched yet. Run it once with a connection: from then on it runs without one, too."),
		"handLater":  lang.Text("Hand it in once there is a connection."),
		"taken":      lang.Text("The earlier version stands in the editor now. \"Bring my code back\" undoes it."),
		"same":       lang.Text("no difference"), "out": lang.Text("taken out:"), "in": lang.Text("put in:"),
		"preview": lang.Text("Preview"), "version": lang.Text("Version of {day}"),
	}
}

// whyWords says why the server's check ended before its tests could speak.
func whyWords(v *latestView, lang *page.Language) string {
	if v == nil || v.Why == "" {
		return ""
	}
	return benchWords(lang)[v.Why]
}
