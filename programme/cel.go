package programme

// code is what a checked expression has become.
type code struct {
	reads    []Read
	constant *Decimal
}

// Scope is the set of names that an expression may use.
type Scope struct{ p *Programme }

// RuleScope is for rules over a subject: every form, subject, matters and as_of.
func RuleScope(p *Programme) *Scope { return &Scope{p} }

// FieldScope is for conditions inside a form: its fields as bare names, subject and as_of.
func FieldScope(p *Programme, f *Form) *Scope { return &Scope{p} }

// BallotScope is for decisions over a ballot: invited, cast, count.NAME and share.NAME.
func BallotScope(p *Programme, f *Form) *Scope { return &Scope{p} }

// CertificateScope is for certificates: grade and total, and all of RuleScope.
func CertificateScope(p *Programme) *Scope { return &Scope{p} }

// Check type-checks e in this scope and compiles it into e.
func (s *Scope) Check(e *Expr, want Want) Mistakes { return nil }
