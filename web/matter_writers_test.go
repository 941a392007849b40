package web

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"sync"
	"testing"

	"bihuan.dev/bihuan"
)

// A thousand matters through HTTP, by sixteen at once and each step tried twice: by a call of the API, and by another or the button of the
// page. Each step is taken once and whoever comes second is told so (409); nothing answers with anything else, and nothing is lost.
func TestThousandMattersThroughHTTP(t *testing.T) {
	throughTheDoor(t, 1, func(d *door) {
		const writers, homes = 16, 40
		matters := 1000
		if testing.Short() {
			matters = 96
		}
		d.closeLoop()
		var rows []bihuan.NewSubject
		for i := range homes {
			rows = append(rows, bihuan.NewSubject{Row: 2 + i, Unit: d.subjects[0].Unit, Fields: map[string]any{"code": fmt.Sprint("H", i), "title": fmt.Sprint("家", i)}})
		}
		_, err := d.site.Enrol(d.Context(), bihuan.System(), "loop", rows, bihuan.Import{})
		d.must(err)
		list, _, err := d.site.Subjects(d.Context(), bihuan.System(), bihuan.SubjectQuery{Programme: "loop", Limit: homes + 1})
		d.must(err)

		wide := &http.Transport{MaxIdleConnsPerHost: writers}
		t.Cleanup(wide.CloseIdleConnections)
		browser := d.as("chair")
		browser.Transport = wide
		d.token("chair")
		d.token("m1")
		d.token("m2")
		api := func(login, path string, body any) (int, []byte) {
			r, err := http.NewRequest("POST", d.url+"/api/v1"+path, bytes.NewReader(mustJSON(t, body)))
			if err != nil {
				return 0, []byte(err.Error())
			}
			r.Header.Set("Authorization", "Bearer "+d.tokens[login])
			r.Header.Set("Content-Type", "application/json")
			return answered(wide.RoundTrip(r))
		}
		// step takes one step of all matters; those whose turn it is not try it after their neighbours.
		step := func(name string, want map[int]int, take func(i int, again bool) (int, []byte)) {
			t.Helper()
			var wg sync.WaitGroup
			var mu sync.Mutex
			got := map[int]int{}
			for w := range writers {
				wg.Go(func() {
					for i := w; i < matters; i += writers {
						for n, j := range []int{i, (i + 1) % matters} {
							status, body := take(j, n == 1)
							mu.Lock()
							if got[status]++; want[status] == 0 && got[status] < 3 {
								t.Errorf("%s: %d %.500s", name, status, body)
							}
							mu.Unlock()
						}
					}
				})
			}
			wg.Wait()
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("%s: answers by status %v, want %v", name, got, want)
			}
		}
		twice := map[int]int{http.StatusOK: matters, http.StatusConflict: matters}
		codes := make([]string, matters)
		var mu sync.Mutex
		step("raise", map[int]int{http.StatusOK: 2 * matters}, func(i int, _ bool) (int, []byte) { // the same mark again answers with what is there
			status, body := api("m1", "/matters", obj{"subject": list[i%len(list)].ID, "name": "proposal", "values": obj{"title": fmt.Sprint("第", i), "reason": "太暗"}, "once": fmt.Sprint(i)})
			var raised struct{ Matter struct{ Code string } }
			mu.Lock()
			defer mu.Unlock()
			if err := json.Unmarshal(body, &raised); err != nil || codes[i] != "" && codes[i] != raised.Matter.Code {
				t.Errorf("raised %d as %s, then %s", i, codes[i], body)
			}
			codes[i] = raised.Matter.Code
			return status, body
		})
		step("accept", twice, func(i int, again bool) (int, []byte) {
			if again {
				status, body := answered(browser.PostForm(d.url+"/matters/"+codes[i], url.Values{"_do": {"accept"}, "_seen": {"1"}, "_stage": {"proposed"}}))
				if status == http.StatusSeeOther { // that is how a page says that it is done
					status = http.StatusOK
				}
				return status, body
			}
			return api("chair", "/matters/"+codes[i]+"/act", obj{"kind": "act", "action": "accept", "seen": 1, "stage": "proposed"})
		})
		step("join", twice, func(i int, _ bool) (int, []byte) {
			return api("m2", "/matters/"+codes[i]+"/act", obj{"kind": "file", "forms": obj{"joining": obj{"word": "支持"}}})
		})
		step("start", twice, func(i int, _ bool) (int, []byte) {
			return api("chair", "/matters/"+codes[i]+"/act", obj{"kind": "act", "action": "start", "stage": "joining", "forms": obj{"plan": obj{"steps": "换灯", "due": "2026-07-20"}}})
		})

		page, err := d.site.Matters(d.Context(), bihuan.System(), bihuan.MatterQuery{Programme: "loop", Stage: "doing", Page: bihuan.Page{Limit: 1000}})
		d.must(err)
		if page.Total != matters || len(page.Matters) != matters {
			t.Errorf("%d matters stand there, of %d", page.Total, matters)
		}
		for _, m := range page.Matters {
			whole, err := d.site.Matter(d.Context(), bihuan.System(), m.ID)
			d.must(err)
			happened := ""
			for _, e := range whole.Events {
				happened += fmt.Sprint(e.Seq, string(e.Kind), e.Action, " ")
			}
			if happened != "1raise 2actaccept 3file 4actstart " || len(whole.Forms) != 3 {
				t.Errorf("%s: %s, %d forms", m.Code, happened, len(whole.Forms))
			}
		}
	})
}

// answered reads an answer whole; 0: there was none.
func answered(a *http.Response, err error) (int, []byte) {
	if err != nil {
		return 0, []byte(err.Error())
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body)
	if err != nil {
		return 0, []byte(err.Error())
	}
	return a.StatusCode, body
}
