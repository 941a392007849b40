package web

import (
	"net/url"
	"slices"
	"strings"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

// matterPage shows a matter: how far it has come, until when, who holds it, what comes next, and all that happened.
type matterPage struct {
	Running *bihuan.Running // the version that the matter runs under
	Process *programme.Process
	Matter  bihuan.MatterFile
	Told    bool // the viewer may know that it ended unresolved, and why, and nothing else
	Do      *doing
	Error   *bihuan.Error // why what was tried was refused
	Typed   []fact        // what had been typed into a form that is not there any more
	Today   programme.Day
	Raised  string // the form that was just filed, whose draft on this device is done with
}

// matter is the page of one matter.
func matter(r *request) error {
	m, err := r.f.site.Matter(r.ctx(), r.actor, r.PathValue("id"))
	if err != nil {
		return err
	}
	page, err := r.matterPage(m)
	if err != nil {
		return err
	}
	if r.URL.Query().Has("raised") {
		page.Raised = page.Process.Matter.Raise.Form
	}
	key := r.URL.Query().Get("do")
	if key == "" { // of what the viewer was asked to fill in, the only form stands open
		if main := page.main(); len(main) == 1 && !page.pressed(main[0]) {
			key = wayKey(main[0])
		}
	}
	if way, ok := page.way(key); ok && !page.pressed(way) {
		if err := page.open(r, way, nil, nil); err != nil {
			return err
		}
	}
	return r.page(matterView(page.view(r), page))
}

func (r *request) matterPage(m bihuan.MatterFile) (matterPage, error) {
	run, err := r.f.site.RunningVersion(r.ctx(), m.VersionID)
	if err != nil {
		return matterPage{}, err
	}
	x, ok := run.Process(m.Name)
	if !ok {
		return matterPage{}, &bihuan.Error{Kind: bihuan.NotFound, Text: programme.T("没有这类事项", "There are no matters of this kind")}
	}
	return matterPage{Running: run, Process: x, Matter: m, Told: m.Subject.ID == "", Today: r.f.site.Today()}, nil
}

func (p matterPage) view(r *request) view {
	return r.inProgramme(programme.T(p.Matter.Title, p.Matter.Title), p.Running.Programme, "matters")
}

// follow lets the viewer be told of what becomes of a matter, or not any more.
func follow(r *request) error {
	if err := r.parseForm(); err != nil {
		return err
	}
	follows := r.PostForm.Get("follows") == "true"
	if err := r.f.site.Follow(r.ctx(), r.actor, r.PathValue("id"), follows); err != nil {
		return err
	}
	said := programme.T("不再关注这件事", "You do not follow this any more")
	if follows {
		said = programme.T("已关注，有进展会通知您", "You follow this and are told of what becomes of it")
	}
	return r.redirect(matterURL(r.PathValue("id")), said)
}

// matterFile shows a file that stands in one of a matter's forms.
func matterFile(r *request) error {
	file, a, err := r.f.site.OpenMatterAttachment(r.ctx(), r.actor, r.PathValue("sha"), r.PathValue("id"))
	if err != nil {
		return err
	}
	return r.send(file, a)
}

// main are the ways that lead the matter on; others are those that every matter has.
func (p matterPage) main() []programme.Way {
	return slices.DeleteFunc(slices.Clone(p.Matter.Ways), func(w programme.Way) bool { return !leadsOn(w) })
}

func (p matterPage) others() []programme.Way {
	return slices.DeleteFunc(slices.Clone(p.Matter.Ways), leadsOn)
}

// endsAs tells whether a way leads to an end of some meaning.
func (p matterPage) endsAs(w programme.Way, meaning string) bool {
	return slices.ContainsFunc(w.To, func(to string) bool {
		end, ok := p.Process.Matter.End(to)
		return ok && end.Meaning == meaning
	})
}

// ends tells whether a way ends the matter wherever it leads: the reason then stands beside the end.
func (p matterPage) ends(w programme.Way) bool {
	return len(w.To) > 0 && !slices.ContainsFunc(w.To, func(to string) bool { _, runs := p.Process.Matter.Stage(to); return runs })
}

// correcting tells whether an appeal was granted and the viewer is to put the result right.
func (p matterPage) correcting() bool {
	return p.Matter.Name == "appeal" && p.Matter.Round != "" && slices.ContainsFunc(p.main(), func(w programme.Way) bool { return p.endsAs(w, programme.Good) })
}

func leadsOn(w programme.Way) bool {
	return w.Kind == programme.EventAct || w.Kind == programme.EventFile || w.Kind == programme.EventResume
}

func (p matterPage) way(key string) (programme.Way, bool) {
	for _, w := range p.Matter.Ways {
		if wayKey(w) == key {
			return w, true
		}
	}
	return programme.Way{}, false
}

// wayKey names a way in an address.
func wayKey(w programme.Way) string {
	switch w.Kind {
	case programme.EventAct:
		return w.Action
	case programme.EventFile:
		return "file:" + w.Form
	case programme.EventPause:
		return "pause:" + w.Action
	}
	return string(w.Kind) + ":"
}

// ofKey reads what wayKey wrote, when the way itself may be gone.
func ofKey(key string) (kind programme.EventKind, name string) {
	before, after, found := strings.Cut(key, ":")
	if !found {
		return programme.EventAct, key
	}
	return programme.EventKind(before), after
}

// pressed tells whether a way needs nothing to be filled in: it is one press.
func (p matterPage) pressed(w programme.Way) bool {
	switch w.Kind {
	case programme.EventAct:
		return len(p.formsOf(wayKey(w), p.Matter.Stage)) == 0 && !w.Reason
	case programme.EventResume:
		return true
	}
	return false
}

// formsOf lists the forms that are filled in on a way from a stage.
func (p matterPage) formsOf(key, stage string) []*programme.Form {
	kind, name := ofKey(key)
	var names []string
	st, ok := p.Process.Matter.Stage(stage)
	switch {
	case kind == programme.EventFile:
		names = []string{name}
	case kind == programme.EventAct && ok:
		for _, a := range st.Actions {
			if a.Name == name {
				names = []string{a.Form, a.Needs}
			}
		}
	case kind == programme.EventExtend && ok && st.Extend != nil:
		names = []string{st.Extend.Needs}
	}
	var forms []*programme.Form
	for _, n := range names {
		if f, ok := p.Process.Form(n); ok && n != "reason" && !f.Ballot {
			forms = append(forms, f)
		}
	}
	return forms
}

// wayTitle is what a way is called: a form that is filed by the form's name.
func (p matterPage) wayTitle(v view, w programme.Way) string {
	f, ok := p.Process.Form(w.Form)
	switch {
	case w.Kind == programme.EventFile && ok && !f.Title.Empty():
		return v.In(f.Title)
	case w.Kind == programme.EventPause:
		return v.In(w.Title) + v.T("（", " (") + v.In(programme.PauseText(w.Action)) + v.T("）", ")")
	case w.Kind == programme.EventReturn:
		return v.T("退回（不归本单位办）", "Return (not ours to handle)")
	}
	return sentence(v, w.Title)
}

// lacks names the form that has to be on file before the stage can be left, while it is not.
func (p matterPage) lacks() (*programme.Form, bool) {
	st, ok := p.Process.Matter.Stage(p.Matter.Stage)
	if !ok || st.Needs == nil || slices.ContainsFunc(p.Matter.Forms, func(f bihuan.MatterForm) bool { return f.Form == st.Needs.Form }) {
		return nil, false
	}
	return p.Process.Form(st.Needs.Form)
}

// leadsTo names where a way leads.
func (p matterPage) leadsTo(v view, w programme.Way) string {
	var words []string
	for _, to := range w.To {
		if t := v.In(p.Process.StageTitle(to)); !slices.Contains(words, t) {
			words = append(words, t)
		}
	}
	return strings.Join(words, v.T("或", " or "))
}

// marks are the stages to show: all of a short way; of a long one those that were passed, and those that may come next.
func (p matterPage) marks() []bihuan.StageMark {
	if len(p.Matter.Stages) <= 8 {
		return p.Matter.Stages
	}
	var next []string
	for _, w := range p.Matter.Next {
		next = append(next, w.To...)
	}
	return slices.DeleteFunc(slices.Clone(p.Matter.Stages), func(s bihuan.StageMark) bool {
		return s.Visits == 0 && !s.Now && !slices.Contains(next, s.Stage)
	})
}

func markClass(m bihuan.MatterFile, s bihuan.StageMark) string {
	switch {
	case s.Now && s.End:
		return "past ended " + endClass(m.Matter)
	case s.Now:
		return "now"
	case s.Visits > 0:
		return "past"
	}
	return "next"
}

// asked is the form that raised the matter; answers are those of its way; words are those of the people who joined.
func (p matterPage) asked() (bihuan.MatterForm, bool) {
	for _, f := range p.Matter.Forms {
		if f.Form == p.Process.Matter.Raise.Form {
			return f, true
		}
	}
	return bihuan.MatterForm{}, false
}

func (p matterPage) answers() []bihuan.MatterForm {
	return slices.DeleteFunc(slices.Clone(p.Matter.Forms), func(f bihuan.MatterForm) bool { return f.Form == p.Process.Matter.Raise.Form || p.collected(f.Form) })
}

func (p matterPage) words() []bihuan.MatterForm {
	return slices.DeleteFunc(slices.Clone(p.Matter.Forms), func(f bihuan.MatterForm) bool { return !p.collected(f.Form) })
}

func (p matterPage) collected(form string) bool {
	return slices.ContainsFunc(p.Process.Matter.Stages, func(s *programme.Stage) bool { return s.Collect != nil && s.Collect.Form == form })
}

// files are the attachments of a field.
func (p matterPage) files(f bihuan.MatterForm, field string) []filedAttachment {
	var list []filedAttachment
	for _, a := range f.Attachments {
		if a.Field == field {
			list = append(list, filedAttachment{a.SHA256, a.Name, isImage(a.Media), matterURL(p.Matter.Code) + "/files/" + a.SHA256})
		}
	}
	return list
}

// hiddenFields names the fields that hold something which the viewer may not read.
func (p matterPage) hiddenFields(v view, f bihuan.MatterForm) string {
	var names []string
	for _, name := range f.Hidden {
		if field, ok := f.Definition.Field(name); ok {
			names = append(names, v.fieldTitle(field))
		}
	}
	return strings.Join(names, v.T("、", ", "))
}

// timeEntry is a line of the timeline: an event, or several of those who joined one after the other.
type timeEntry struct {
	bihuan.MatterEvent
	What  string
	Names []string
	Count int
}

// timeline lists what happened, the newest first.
func (p matterPage) timeline(v view) []timeEntry {
	joined := p.Process.People([]string{programme.JoinedRole})
	var list []timeEntry
	for _, e := range p.Matter.Events {
		entry := timeEntry{MatterEvent: e, What: sentence(v, e.Title), Count: 1}
		if e.Kind == programme.EventFile {
			for _, f := range p.Matter.Forms {
				if f.Seq == e.Seq {
					entry.What = v.In(f.Title)
				}
			}
			if e.As == joined {
				entry.What = v.T("参与", "Joined")
				if n := len(list); n > 0 && list[n-1].Kind == programme.EventFile && list[n-1].As == joined {
					list[n-1].Count++
					list[n-1].At = e.At
					if e.Name != "" {
						list[n-1].Names = append(list[n-1].Names, e.Name)
					}
					continue
				}
			}
		}
		if e.Name != "" {
			entry.Names = []string{e.Name}
		}
		list = append(list, entry)
	}
	slices.Reverse(list)
	return list
}

// who says who did something: a name where it may be told, the role otherwise.
func (e timeEntry) who(v view) string {
	as := v.In(e.As)
	if len(e.Names) == 0 {
		return as
	}
	return strings.Join(e.Names, v.T("、", ", ")) + v.T("（", " (") + as + v.T("）", ")")
}

// ending says in one sentence how the matter ended, and whether those affected say so.
func (p matterPage) ending(v view) string {
	m := p.Matter
	switch {
	case m.Meaning == programme.Good && m.Confirmed:
		return v.T("当事人确认已经解决。", "Those affected confirm that it is resolved.")
	case m.Meaning == programme.Partly && m.Confirmed:
		return v.T("当事人确认只解决了一部分。", "Those affected confirm that a part of it is resolved.")
	case m.Meaning == programme.OpenToPublic:
		return v.T("没有解决。理由公开，接受监督。", "It was not resolved. The reason is public.")
	case m.Outcome == programme.Withdrawn:
		return v.T("提出人自己撤回。", "Who raised it took it back.")
	case m.Outcome == programme.Merged || m.Outcome == programme.SplitUp:
		return ""
	case m.Confirmed:
		return v.T("当事人同意办结。", "Those affected agreed to end it.")
	case !m.ByRules.Empty():
		return v.In(m.ByRules)
	case m.Name == "rectification":
		return v.T("不再要求整改，理由公开。", "It need not be put right any more; the reason is public.")
	}
	return v.T("以答复办结，没有经当事人确认。", "It ended with an answer; those affected did not confirm it.")
}

// ballotBar is one option of a ballot with its votes.
type ballotBar struct {
	text  string
	votes int
}

func ballotBars(v view, b *bihuan.BallotFigures) []ballotBar {
	var bars []ballotBar
	for _, f := range b.Form.Fields {
		for _, o := range f.Of {
			bars = append(bars, ballotBar{optionTitle(v, o), b.Tally[o.Name]})
		}
	}
	return bars
}

func boardURL(m bihuan.MatterFile) string { return mattersURL(m.Programme, m.Name) }

func doURL(code, key string) string { return matterURL(code) + "?do=" + url.QueryEscape(key) + "#do" }
