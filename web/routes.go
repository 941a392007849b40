package web

// route is one address: who may ask at all, and what answers.
type route struct {
	pattern string
	do      func(*request) error
	house   bool // only for those who are signed in; what they may see is for the verb to say
	upload  bool // has its own bound on the size of what is sent
	beside  bool // a page asks for it beside itself; see readsSession
}

// routes lists every address of the face. The JSON API lists its own in api.go.
func (f *face) routes() []route {
	open := func(pattern string, do func(*request) error) route { return route{pattern: pattern, do: do} }
	house := func(pattern string, do func(*request) error) route {
		return route{pattern: pattern, do: do, house: true}
	}
	beside := func(pattern string, do func(*request) error) route {
		return route{pattern: pattern, do: do, house: true, beside: true}
	}
	return []route{
		// signin.go, me_.go
		open("GET /{$}", home),
		open("GET /login", signInForm),
		open("POST /login", signIn),
		open("POST /logout", signOut),
		open("POST /lang", setLang),
		house("GET /me", me_),
		house("POST /me/password", changePassword),
		house("POST /me/tokens", newToken),
		house("POST /me/tokens/{id}/revoke", revokeToken),
		// channels.go, calendar.go
		house("GET /me/notices", myNotices),
		house("POST /me/channels", addChannel(myChannelsBase)),
		house("POST /me/channels/{id}/test", testChannel(myChannelsBase)),
		house("POST /me/channels/{id}/remove", removeChannel(myChannelsBase)),
		house("POST /me/channels/{id}/resend", resendChannel(myChannelsBase)),
		house("POST /me/calendar", newFeed),
		house("POST /me/calendar/revoke", revokeFeed),
		open("GET /calendar/{file}", calendarFeed),
		house("GET /admin/channels", adminChannels),
		house("POST /admin/channels", addChannel(adminChannelsBase)),
		house("POST /admin/channels/settings", setOutside),
		house("POST /admin/channels/{id}/test", testChannel(adminChannelsBase)),
		house("POST /admin/channels/{id}/remove", removeChannel(adminChannelsBase)),
		house("POST /admin/channels/{id}/resend", resendChannel(adminChannelsBase)),
		// holidays.go
		house("GET /admin/holidays", holidays),
		{pattern: "POST /admin/holidays", do: takeHolidays, house: true, upload: true},
		// voice.go: those without an account
		open("GET /v", voice),
		open("POST /v", speak),
		open("GET /v/{code}", voiceByCode),
		open("GET /join/{link}", voiceByLink),
		open("POST /join/{link}", speakByLink),
		// ballot_link.go
		open("GET /vote/{link}", linkedBallot),
		open("POST /vote/{link}", voteByLink),
		house("POST /ballots/{id}/link", ballotLink),
		// ballot.go, roster.go
		house("GET /ballots/{id}", ballot),
		house("POST /ballots/{id}", vote),
		house("POST /ballots/{id}/stop", breakOffBallot),
		house("GET /p/{programme}/subjects/{subject}/ballots", subjectBallots),
		house("POST /p/{programme}/subjects/{subject}/ballots", callBallot),
		house("GET /p/{programme}/subjects/{subject}/rosters/{role}", roster),
		{pattern: "POST /p/{programme}/subjects/{subject}/rosters/{role}", do: addVoices, house: true, upload: true},
		house("POST /p/{programme}/subjects/{subject}/rosters/{role}/codes", newCodes),
		house("POST /p/{programme}/subjects/{subject}/rosters/{role}/revoke", revokeVoices),
		house("POST /p/{programme}/subjects/{subject}/rosters/{role}/link", rosterLink),
		// todo.go
		house("GET /todo", todo),
		// box.go
		house("GET /todo.xlsx", boxSheet),
		house("POST /matters/batch", batch),
		// notices.go
		house("GET /notices", notices),
		house("GET /notices/{id}", openNotice),
		house("POST /notices/read", readNotices),
		// board.go
		open("GET /p/{programme}", board),
		open("GET /p/{programme}/unit/{unit}", board),
		// whatif.go
		house("GET /p/{programme}/whatif", whatif),
		house("POST /p/{programme}/whatif", whatif),
		beside("POST /p/{programme}/whatif/effect", whatifEffect),
		house("POST /p/{programme}/whatif/draft.zip", whatifDraft),
		// standard.go
		open("GET /p/{programme}/standard", standard),
		// subjects.go, subject.go
		house("GET /p/{programme}/subjects", subjects),
		house("GET /p/{programme}/subjects.xlsx", subjectsSheet),
		open("GET /p/{programme}/subjects/{subject}", subject),
		house("GET /p/{programme}/subjects/{subject}/evidence", subjectEvidence),
		// filing.go, moved.go, evidence.go, upload.go
		house("GET /p/{programme}/subjects/{subject}/file/{form}", filingForm),
		{pattern: "POST /p/{programme}/subjects/{subject}/file/{form}", do: fileEvidence, house: true, upload: true},
		beside("POST /p/{programme}/subjects/{subject}/draft/{form}", saveDraft),
		beside("POST /p/{programme}/subjects/{subject}/shape/{form}", formShape),
		house("GET /evidence/{id}", evidence),
		house("POST /evidence/{id}/withdraw", withdrawEvidence),
		house("GET /evidence/{id}/moved", moved),
		beside("GET /evidence/{id}/files/{sha}", attachment),
		beside("GET /uploads/{sha}", ownUpload),
		{pattern: "POST /uploads", do: upload, house: true, upload: true, beside: true},
		// matters.go, matter.go, matter_do.go, matter_raise.go
		open("GET /p/{programme}/matters", matters),
		open("GET /p/{programme}/matters/{name}", matters),
		house("GET /p/{programme}/subjects/{subject}/raise/{name}", raiseForm),
		{pattern: "POST /p/{programme}/subjects/{subject}/raise/{name}", do: raise, house: true, upload: true},
		open("GET /matters/{id}", matter),
		{pattern: "POST /matters/{id}", do: act, house: true, upload: true},
		house("POST /matters/{id}/follow", follow),
		{pattern: "GET /matters/{id}/files/{sha}", do: matterFile, beside: true},
		// judge.go
		house("GET /p/{programme}/subjects/{subject}/judge/{clause}", judgeForm),
		house("POST /p/{programme}/subjects/{subject}/judge/{clause}", judge),
		// rounds.go, round.go
		open("GET /p/{programme}/rounds", rounds),
		house("POST /p/{programme}/rounds", openRound),
		open("GET /rounds/{round}", round),
		house("GET /rounds/{round}/judge", judgeFirst),
		house("POST /rounds/{round}/submit", submitColumns),
		house("POST /rounds/{round}/close", closeStep),
		house("POST /rounds/{round}/decide", decideRound),
		open("GET /rounds/{round}/subjects/{subject}", decision),
		house("POST /rounds/{round}/subjects/{subject}/objections", object),
		house("POST /objections/{id}/answer", answerObjection),
		house("POST /rounds/{round}/subjects/{subject}/appeals", appeal),
		// promises.go, benefits.go
		open("GET /promises", promises),
		house("POST /promises/check", checkPromises),
		open("GET /p/{programme}/benefits", benefits),
		open("GET /p/{programme}/indicators/{indicator}", indicator), // indicators.go
		// admin.go, accounts.go, import.go
		house("GET /admin", adminHome),
		house("GET /admin/units", adminUnits),
		house("GET /admin/accounts", accounts),
		house("POST /admin/accounts", createAccount),
		house("GET /admin/accounts/{id}", account),
		house("POST /admin/accounts/{id}/password", setPassword),
		house("POST /admin/accounts/{id}/disable", disableAccount),
		house("POST /admin/accounts/{id}/grants", addGrant),
		house("POST /admin/accounts/{id}/grants/remove", removeGrant),
		house("GET /admin/import", importForm),
		{pattern: "POST /admin/import", do: importTable, house: true, upload: true},
		house("GET /admin/import/template/{kind}", importTemplate),
		house("GET /admin/import/{sha}", showImport),
		house("GET /admin/import/errors/{sha}", importErrors),
		house("POST /admin/import/{sha}/good", importGood),
		house("GET /admin/programmes", adminProgrammes),
		{pattern: "POST /admin/programmes", do: publishProgramme, house: true, upload: true},
	}
}
