package assess

import (
	"bihuan.dev/bihuan/programme"
)

// outcome is what became of one clause for one subject. It holds no texts: explanations are made from it on demand.
type outcome struct {
	status   Verdict
	points   Points
	measure  programme.Decimal
	measured bool
	err      error // why it is missing
	held     bool  // the points were held to the clause's range
	n        int64 // what the shape counted: steps short, the band's place, cases, assessors
	factor   bool  // the penalty factor was used
	capped   bool  // held at a cap
	unproved int   // 1 + the place in proof of the form that carries no attachment
}

// evaluate finds the outcome of a clause in the frame's row, apart from what depends on other subjects: ranks and means of
// peers come afterwards.
func (pr *Program) evaluate(c *clause, fr *frame) outcome {
	if c.Applies != nil {
		switch ok, err := c.Applies.Bool(fr); {
		case err != nil:
			return pr.lacking(c, outcome{err: err})
		case !ok:
			return pr.notApplicable(c)
		}
	}
	for i, form := range c.proof {
		if fr.proofs[form][fr.row>>6]>>(fr.row&63)&1 == 0 {
			return pr.lacking(c, outcome{unproved: i + 1})
		}
	}
	var out outcome
	if c.Measure != nil {
		d, err := c.Measure.Number(fr)
		if err != nil {
			return pr.lacking(c, outcome{err: err})
		}
		out.measure, out.measured = d.Round(c.digits), true
	}
	out = pr.shapes(c, fr, out)
	if out.status == Missing || out.status == Pending {
		return pr.lacking(c, out)
	}
	return out
}

// proved reports whether a form is on file with an attachment, where it has a field for any.
func (pr *Program) proved(form int, ch *chosen) bool {
	x := pr.forms[form]
	records := ch.records[form]
	if x.kind == single {
		records = nil
		if ch.record(form) != nil {
			records = ch.records[form]
		}
	}
	wants := false
	for i, f := range x.Fields {
		if !f.HoldsAttachments() {
			continue
		}
		wants = true
		for _, e := range records {
			if e != nil {
				if v := e.value(pr, i); v.tag == tagTexts && v.n > 0 {
					return true
				}
			}
		}
	}
	if wants {
		return false
	}
	for _, e := range records {
		if e != nil {
			return true
		}
	}
	return false
}

// lacking applies the clause's policy for missing facts. What waits for an assessor stays pending.
func (pr *Program) lacking(c *clause, out outcome) outcome {
	out.points = 0
	if out.status == Pending {
		return out
	}
	out.status = Missing
	switch c.missing.Word {
	case "full":
		out.points = c.full
	case "pending":
		out.status = Pending
	}
	return out
}

func (pr *Program) notApplicable(c *clause) outcome {
	out := outcome{status: NotApplicable}
	switch c.na.Word {
	case "full":
		out.points = c.full
	case "points":
		out.points = pr.points(c.na.Points)
	}
	return out
}

// settled is the verdict that follows from points.
func settled[T Points | int64](points, full T) Verdict {
	switch {
	case full > 0 && points >= full, full == 0 && points > 0:
		return Met
	case points <= 0:
		return Unmet
	}
	return Partly
}

// settle sets the status that follows from the points.
func (c *clause) settle(out outcome) outcome {
	out.status = settled(out.points, c.full)
	return out
}
