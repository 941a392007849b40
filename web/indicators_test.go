package web

import (
	"math"
	"net/http"
	"strings"
	"testing"

	"bihuan.dev/bihuan"
	"bihuan.dev/bihuan/programme"
)

// The figures of a unit stand on its board and open into units and subjects; visitors see what the programme makes public, and no subjects.
func TestIndicatorPages(t *testing.T) {
	throughTheDoor(t, 3, func(d *door) {
		hero := d.subjects[0]
		got, err := d.site.Indicators(t.Context(), bihuan.System(), "union", "")
		d.must(err)
		rate := got.List[0]
		text := rate.Value.Mul(programme.DecimalOf(100)).Round(1).String() + "%"
		if rate.Counted == 0 || rate.Meant != 3 {
			t.Fatalf("membership %+v", rate.IndicatorValue)
		}
		page := "/p/union/indicators/membership?unit=330482"
		for _, login := range []string{"", "judge"} {
			for _, lang := range []string{"zh", "en"} {
				d.speak(login, lang)
				for _, path := range []string{"/p/union", page, page + "&offset=nonsense"} {
					t.Run(login+" "+lang+" "+path, func(t *testing.T) { hygiene(t, d.page(login, path)) })
				}
			}
			d.speak(login, "zh")
		}
		_, body := d.get("judge", "/p/union")
		for _, want := range []string{"入会率", text, "/p/union/indicators/membership?unit=330482", "得益人次"} {
			if !strings.Contains(body, want) {
				t.Errorf("the board lacks %s", want)
			}
		}
		_, body = d.get("judge", page)
		for _, want := range []string{text, "目标", "95%", "会员", "÷", hero.Name, "/p/union/subjects/" + hero.ID} {
			if !strings.Contains(body, want) {
				t.Errorf("the figure lacks %s:\n%s", want, mainPart(body))
			}
		}
		if _, body = d.get("", page); !strings.Contains(body, text) || strings.Contains(body, hero.Name) {
			t.Errorf("a visitor sees:\n%s", mainPart(body))
		}
		if status, _ := d.get("judge", "/p/union/indicators/nothing"); status != http.StatusNotFound {
			t.Errorf("no such figure: %d", status)
		}
		x := told[struct {
			Unit       string
			Indicators []struct {
				Name    string
				Value   *float64
				Counted int
			}
		}](d, "judge", "GET", "/programmes/union/indicators", nil)
		if len(x.Indicators) == 0 || x.Indicators[0].Name != "membership" || *x.Indicators[0].Value != rate.Value.Float64() || x.Indicators[0].Counted != rate.Counted {
			t.Errorf("indicators %+v", x)
		}
		one := told[struct {
			Value    float64
			Period   string
			Units    []struct{ Code string }
			Subjects []struct {
				ID          string
				Value, Over *float64
			}
			Total int
		}](d, "judge", "GET", "/programmes/union/indicators/membership", nil)
		var members, employees float64
		for _, s := range one.Subjects {
			if s.Value != nil {
				members, employees = members+*s.Value, employees+*s.Over
			}
		}
		if one.Period != "month" || one.Total != 3 || math.Abs(members/employees-one.Value) > 1e-6 {
			t.Errorf("indicator %+v", one)
		}
	})
}
