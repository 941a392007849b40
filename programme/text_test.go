package programme_test

import (
	"testing"

	"bihuan.dev/bihuan/programme"
)

// What people write goes into a sentence as they wrote it.
func TestTextFill(t *testing.T) {
	got := programme.T("{0}：请办理“{1}”", "{0}: “{1}” is for you to do").Fill("把{1}换成{0}", programme.T("提出", "Proposed"))
	if want := programme.T("把{1}换成{0}：请办理“提出”", "把{1}换成{0}: “Proposed” is for you to do"); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}
