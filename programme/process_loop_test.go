package programme

import (
	"fmt"
	"testing"
)

// The ring closes with every stage on the shortest way to a good end, and stays open where a matter was left unresolved.
func TestClosed(t *testing.T) {
	x := shipped(t, "../programmes/union", "proposal")
	for _, c := range []struct {
		state State
		want  string
	}{
		{State{Stage: "proposed"}, "1/6"}, {State{Stage: "joining"}, "2/6"}, {State{Stage: "planned"}, "2/6"}, {State{Stage: "doing"}, "3/6"},
		{State{Stage: "rating"}, "4/6"}, {State{Stage: "benefit"}, "5/6"},
		{State{Stage: "benefited", Outcome: "benefited", Meaning: Good, Last: "benefit"}, "6/6"},
		{State{Stage: "declined", Outcome: "declined", Meaning: Answered, Last: "proposed"}, "6/6"},
		{State{Stage: "unresolved", Outcome: "unresolved", Meaning: OpenToPublic, Last: "doing"}, "3/6"},
	} {
		if got := fmt.Sprintf("%.0f/6", x.Closed(c.state)*6); got != c.want {
			t.Errorf("%s: %s closed, want %s", c.state.Stage, got, c.want)
		}
	}
	for _, p := range []string{"../programmes/union", "../programmes/mediation"} {
		all, _ := LoadDir(p)
		for _, x := range all.Processes() {
			for _, st := range x.Matter.Stages {
				if n := x.Closed(State{Stage: st.Stage}); n <= 0 || n >= 1 {
					t.Errorf("%s at %s is closed by %v", x.Matter.Name, st.Stage, n)
				}
			}
		}
	}
}
