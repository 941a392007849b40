package programme

// Expr is a CEL expression as the author wrote it, checked against the programme's own forms.
// Before Scope.Check it is only a text; afterwards it can be evaluated.
type Expr struct {
	Source string
	Pos    Pos // of its first character

	places []Pos // of every character and the end, where Pos plus the offset would be wrong: escapes, several lines
	code   *code
}

// Read is a fact that an expression looks at. Field is empty where the whole list or object is meant.
// The form of a matter is "matters", with the matter's name as Field; as_of is no fact.
type Read struct{ Form, Field string }

// Want is the kind of value that an expression must give.
type Want int

// What an expression may have to give. A number is an int, a decimal or a real; a count is an int.
const (
	WantAny Want = iota
	WantBool
	WantNumber
	WantCount
)

// Values are the checked values of a filled form, by field: bool, int64, Decimal (number, money), float64 (real),
// Day, string (text, choice, place, phone, credit_code) or []string (choices, photo, file: SHA-256 of each attachment).
// An empty field is absent.
type Values map[string]any

// FieldError says what is wrong with one field of a filled form.
type FieldError struct {
	Field   string
	Message Text
}

// Error gives the English text.
func (e FieldError) Error() string { return e.Field + ": " + e.Message.In(En) }

// Reads lists the facts that the expression looks at, in the order of the text, each once.
func (e *Expr) Reads() []Read {
	if e == nil || e.code == nil {
		return nil
	}
	return e.code.reads
}

// Constant gives the number when the expression is nothing but a number.
func (e *Expr) Constant() (Decimal, bool) {
	if e == nil || e.code == nil || e.code.constant == nil {
		return Decimal{}, false
	}
	return *e.code.constant, true
}

// Checked reports whether Scope.Check has accepted the expression.
func (e *Expr) Checked() bool { return e != nil && e.code != nil }
