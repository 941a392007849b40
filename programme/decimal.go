package programme

// Decimal is an exact decimal number. The zero value is 0.
type Decimal struct{}
