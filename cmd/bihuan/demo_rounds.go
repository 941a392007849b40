package main

import (
	"fmt"

	"bihuan.dev/bihuan"
)

// decidedRound is last year's: all columns handed in, published, one objection answered, decided.
func (h *history) decidedRound() error {
	if err := h.until("2025-04-25"); err != nil {
		return err
	}
	judge, ctx := h.who["judge"], h.ctx
	year := h.day("2025-06-30").Time().Year()
	round, err := h.site.OpenRound(ctx, judge, bihuan.NewRound{Programme: h.p.Name, Kind: "annual", Unit: county,
		Title: fmt.Sprintf("%d年度考核（示例）", year), AsOf: h.day("2025-06-28")})
	if err != nil {
		return err
	}
	for _, step := range []struct{ day, name string }{{"2025-05-24", "self"}, {"2025-06-11", "town"}, {"2025-06-28", "city"}} {
		if err := h.until(step.day); err != nil {
			return err
		}
		if err := h.handIn(round.ID, step.name, 9); err != nil {
			return err
		}
		if round, err = h.site.CloseStep(ctx, judge, round.ID, step.name); err != nil {
			return err
		}
	}
	if err := h.until("2025-06-30"); err != nil {
		return err
	}
	hero, err := h.site.SubjectByKey(ctx, bihuan.System(), h.p.Name, enterprise)
	if err != nil {
		return err
	}
	objection, err := h.site.Object(ctx, h.who["officer"], round.ID, hero.ID, "1.3.2",
		"职工议事角已于五月底建成并投入使用，照片随后补报。请核对“三项必建”的得分。（示例）")
	if err != nil {
		return err
	}
	if err := h.until("2025-07-02"); err != nil {
		return err
	}
	if err := h.site.Answer(ctx, judge, objection.ID, false,
		"经实地核对，截至考核截止日，职工议事角尚未挂牌开放，当时填报的佐证也没有这一项，维持原得分；建成后请补报，计入下一年度。（示例）"); err != nil {
		return err
	}
	if err := h.until("2025-07-08"); err != nil {
		return err
	}
	if round, err = h.site.CloseStep(ctx, judge, round.ID, bihuan.Publicity); err != nil {
		return err
	}
	if _, err = h.site.Decide(ctx, judge, round.ID); err != nil {
		return err
	}
	return h.putRight(round.ID)
}

// roundUnderWay is this year's: the unions have assessed themselves, the town step runs, some towns have handed in.
func (h *history) roundUnderWay() error {
	if err := h.until("2026-05-20"); err != nil {
		return err
	}
	judge, ctx := h.who["judge"], h.ctx
	year := h.day(anchor).Time().Year()
	round, err := h.site.OpenRound(ctx, judge, bihuan.NewRound{Programme: h.p.Name, Kind: "annual", Unit: county,
		Title: fmt.Sprintf("%d年度考核（示例）", year), AsOf: h.day("2026-07-31")})
	if err != nil {
		return err
	}
	if err := h.until("2026-06-18"); err != nil {
		return err
	}
	if err := h.handIn(round.ID, "self", 8); err != nil {
		return err
	}
	if _, err := h.site.CloseStep(ctx, judge, round.ID, "self"); err != nil {
		return err
	}
	if err := h.until("2026-06-28"); err != nil {
		return err
	}
	return h.handIn(round.ID, "town", 3)
}

// handIn hands the column of a party in for so many tenths of the subjects; the others are left to the closing of the step.
func (h *history) handIn(round, party string, tenths int) error {
	rows, _, err := h.site.Subjects(h.ctx, bihuan.System(), bihuan.SubjectQuery{Programme: h.p.Name, Limit: 1000})
	if err != nil {
		return err
	}
	login := map[string]string{"self": "unions", "town": "assessor", "city": "judge"}[party]
	batches := map[string][]string{}
	for i, s := range rows {
		as := login
		switch {
		case s.Key == enterprise && party == "self":
			as = "officer"
		case s.Key == enterprise && tenths < 9: // the example enterprise waits for the visitor of the demo
			continue
		case i%10 >= tenths:
			continue
		case party == "town" && h.towns[s.Key] != town:
			as = "assessor-" + h.towns[s.Key]
		}
		batches[as] = append(batches[as], s.ID)
	}
	for as, ids := range batches {
		if _, err := h.site.SubmitAll(h.ctx, h.who[as], round, party, ids); err != nil {
			return err
		}
	}
	return nil
}

// loose plays the last days, and leaves on the desks what people have begun and not finished.
func (h *history) loose() error {
	if err := h.until(anchor); err != nil {
		return err
	}
	hero, err := h.site.SubjectByKey(h.ctx, bihuan.System(), h.p.Name, enterprise)
	if err != nil {
		return err
	}
	today := h.day(anchor)
	for login, draft := range map[string]struct {
		form   string
		values map[string]any
	}{
		"officer":  {"service", map[string]any{"held": (today - 3).String(), "kind": "health", "topic": "职工健康体检（草稿，人次待补）"}},
		"assessor": {"site", map[string]any{"plaque": "true", "area": "84.0"}},
	} {
		if err := h.site.SaveDraft(h.ctx, h.who[login], hero.ID, draft.form, draft.values); err != nil {
			return err
		}
	}
	return nil
}
