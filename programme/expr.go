package programme

// Expr is a CEL expression as the author wrote it, checked against the programme's own forms.
type Expr struct {
	Source string
	Pos    Pos
}

// Values are the checked values of a filled form, by field: bool, int64, Decimal (number, money), float64 (real),
// Day, string (text, choice, place, phone, credit_code) or []string (choices, photo, file: SHA-256 of each attachment).
// An empty field is absent.
type Values map[string]any

// FieldError says what is wrong with one field of a filled form.
type FieldError struct {
	Field   string
	Message Text
}
