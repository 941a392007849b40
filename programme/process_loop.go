package programme

// Closed tells how far the loop of a matter has closed, from 0 to 1: by how many stages lie, on the shortest way, between where it
// is and an end that those affected have what they asked for. One that was closed unresolved stays open where it was left; other
// ends close it.
func (x *Process) Closed(s State) float64 {
	stage := s.Stage
	if s.Over() {
		if s.Meaning != OpenToPublic {
			return 1
		}
		stage = s.Last
	}
	left := x.distances()
	most := 0
	for _, n := range left {
		most = max(most, n)
	}
	n, ok := left[stage]
	if !ok {
		n = most
	}
	return float64(most-n+1) / float64(most+1)
}

// distances counts for every stage the steps that lead from it to the best end that it can reach.
func (x *Process) distances() map[string]int {
	left := map[string]int{}
	best := func(meaning string) bool { return true }
	for _, e := range x.Matter.Ends {
		if e.Meaning == Good {
			best = func(meaning string) bool { return meaning == Good }
		}
	}
	for range x.Matter.Stages { // the longest way passes each of them once
		for _, st := range x.Matter.Stages {
			for _, to := range st.leads() {
				n, ok := left[to]
				if end, ends := x.Matter.End(to); ends && best(end.Meaning) {
					n, ok = 0, true
				}
				if now, known := left[st.Stage]; ok && (!known || n+1 < now) {
					left[st.Stage] = n + 1
				}
			}
		}
	}
	return left
}
