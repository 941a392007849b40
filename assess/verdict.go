package assess

import "fmt"

// MarshalText writes the code word, so that a stored score says met and not 1.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads the code word.
func (v *Verdict) UnmarshalText(b []byte) error {
	for i, word := range verdictWords {
		if word == string(b) {
			*v = Verdict(i)
			return nil
		}
	}
	return fmt.Errorf("there is no verdict %q", b)
}
