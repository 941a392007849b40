package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
)

// ratios are by number of subjects, work and engine: how many times as long as this engine the other takes. They are committed;
// times are not, since they are of one machine.
type ratios map[string]map[string]map[string]float64

func (r ratios) add(n int, work string, timings []timing) {
	for _, t := range timings {
		if t.Engine == ourName || t.Ratio == 0 {
			continue
		}
		size := strconv.Itoa(n)
		if r[size] == nil {
			r[size] = map[string]map[string]float64{}
		}
		if r[size][work] == nil {
			r[size][work] = map[string]float64{}
		}
		r[size][work][t.Engine] = rounded(t.Ratio)
	}
}

// rounded keeps three digits.
func rounded(x float64) float64 {
	y, _ := strconv.ParseFloat(strconv.FormatFloat(x, 'g', 3, 64), 64)
	return y
}

func readRatios(file string) (ratios, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var r ratios
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return r, nil
}

func (r ratios) write(file string) error {
	text, err := json.MarshalIndent(r, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(text, '\n'), 0o644)
}

// slack is what part of a committed ratio must be left. Two runs on a machine that others use differ by up to a third; a kernel
// that is lost, or a clause that falls back to the interpreter, costs far more than half.
const slack = 0.5

// fallen lists the ratios that are below what is left of the committed ones. What only one side has is not compared.
func (r ratios) fallen(committed ratios) []string {
	var out []string
	for n, works := range r {
		for work, engines := range works {
			for engine, now := range engines {
				if was := committed[n][work][engine]; was > 0 && now < was*slack {
					out = append(out, fmt.Sprintf("%s subjects, %s against %s: × %s, was × %s", n, work, engine, digits(now), digits(was)))
				}
			}
		}
	}
	slices.Sort(out)
	return out
}
