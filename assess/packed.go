package assess

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"iter"
	"math"
	"slices"
	"strings"

	"bihuan.dev/bihuan/programme"
)

// A population keeps its evidence packed: the pieces of a subject stand one after the other in the order in which they count, some
// sixty bytes each, and are read where they stand. Evidence is kept rather than columns because columns are of one day and one
// party: tomorrow a record may be stale, and a veto looks back.
//
// A piece is the length of what follows in four bytes, then in varints: its form (see the codes below); its day and moment; who filed it, as numbers of
// the batch's names; its id; then the fields of the form in their order, each a tag and what the tag wants; then how many
// values there are that the form has no field for, each with its name.

// names numbers the parties and accounts that stand in the evidence of a batch.
type names struct {
	list  []string
	codes map[string]uint64
}

func (n *names) code(s string) uint64 {
	if n.codes == nil {
		n.codes = make(map[string]uint64, len(n.list))
		for i, x := range n.list {
			n.codes[x] = uint64(i)
		}
	}
	c, ok := n.codes[s]
	if !ok {
		c = uint64(len(n.list))
		n.list, n.codes[s] = append(n.list, s), c
	}
	return c
}

// The tags of values. From tagDecimal on it is a decimal of so many decimals more.
const (
	tagAbsent byte = iota
	tagFalse
	tagTrue
	tagInt
	tagDay
	tagText
	tagTexts
	tagReal
	tagBig    // a decimal of more than 64 bits, as text
	tagOption // of a choice: the place of the option
	tagDecimal
)

// value is one packed value. n is the number, the day or the place of the option; b the text, or the rest.
type value struct {
	tag byte
	n   int64
	b   []byte
}

// readValue reads a value from the front of b and gives what stands behind it.
func readValue(b []byte) (value, []byte) {
	v := value{tag: b[0]}
	b = b[1:]
	switch v.tag {
	case tagAbsent, tagFalse, tagTrue:
	case tagText, tagBig:
		n, k := binary.Uvarint(b)
		v.b, b = b[k:k+int(n)], b[k+int(n):]
	case tagTexts:
		n, k := binary.Uvarint(b)
		v.n, b = int64(n), b[k:]
		v.b = b
		for range n {
			m, k := binary.Uvarint(b)
			b = b[k+int(m):]
		}
		v.b = v.b[:len(v.b)-len(b)]
	case tagReal:
		v.n, b = int64(binary.LittleEndian.Uint64(b)), b[8:]
	default:
		if x := b[0]; x < 0x80 { // most are small
			v.n, b = int64(x>>1)^-int64(x&1), b[1:]
		} else {
			n, k := binary.Varint(b)
			v.n, b = n, b[k:]
		}
	}
	return v, b
}

// valueSize tells how many bytes the value at the front of b takes.
func valueSize(b []byte) int { return skipValue(b, 0) }

// skipValue gives where the value ends that begins at a place.
func skipValue(b []byte, at int) int {
	switch tag := b[at]; {
	case tag < tagInt:
		return at + 1
	case tag == tagText || tag == tagTexts || tag == tagReal || tag == tagBig:
		_, rest := readValue(b[at:])
		return len(b) - len(rest)
	}
	for at++; b[at] >= 0x80; at++ {
	}
	return at + 1
}

// any gives the value as Values hold it; field is nil for what the form has no field for.
func (v value) any(field *programme.Field) any {
	switch v.tag {
	case tagAbsent:
		return nil
	case tagFalse, tagTrue:
		return v.tag == tagTrue
	case tagInt:
		return v.n
	case tagDay:
		return programme.Day(v.n)
	case tagText:
		return string(v.b)
	case tagTexts:
		out := make([]string, 0, v.n)
		for s := range v.texts {
			out = append(out, string(s))
		}
		return out
	case tagReal:
		return math.Float64frombits(uint64(v.n))
	case tagBig:
		d, _ := programme.ParseDecimal(string(v.b))
		return d
	case tagOption:
		return field.Of[v.n].Name
	}
	return programme.NewDecimal(v.n, int(v.tag-tagDecimal))
}

// texts goes through the texts of a list.
func (v value) texts(yield func([]byte) bool) {
	for b := v.b; len(b) > 0; {
		n, k := binary.Uvarint(b)
		if !yield(b[k : k+int(n)]) {
			return
		}
		b = b[k+int(n):]
	}
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendValue(b []byte, v any, field *programme.Field) []byte {
	switch x := v.(type) {
	case bool:
		if x {
			return append(b, tagTrue)
		}
		return append(b, tagFalse)
	case int64:
		return binary.AppendVarint(append(b, tagInt), x)
	case programme.Day:
		return binary.AppendVarint(append(b, tagDay), int64(x))
	case programme.Decimal:
		if n, ok := x.Scaled(x.Scale()); ok && x.Scale() < 100 {
			return binary.AppendVarint(append(b, tagDecimal+byte(x.Scale())), n)
		}
		return appendText(append(b, tagBig), x.String())
	case string:
		if field != nil {
			for i := range field.Of {
				if field.Of[i].Name == x {
					return binary.AppendVarint(append(b, tagOption), int64(i))
				}
			}
		}
		return appendText(append(b, tagText), x)
	case []string:
		b = binary.AppendUvarint(append(b, tagTexts), uint64(len(x)))
		for _, s := range x {
			b = appendText(b, s)
		}
		return b
	case float64:
		return binary.LittleEndian.AppendUint64(append(b, tagReal), math.Float64bits(x))
	}
	return append(b, tagAbsent) // no form gives anything else
}

// The codes of forms: judgements, forms that the programme does not have, then its own in their order.
const (
	codeJudgement = iota
	codeUnknown
	codeForms
)

// appendID writes an id: twice its length and the text, or 1 and the 16 bytes of a UUID.
func appendID(b []byte, id string) []byte {
	if raw, ok := uuidBytes(id); ok {
		return append(append(b, 1), raw[:]...)
	}
	return append(binary.AppendUvarint(b, uint64(len(id))<<1), id...)
}

// uuidBytes gives the bytes of a UUID that is written as such always are: lower case, with hyphens.
func uuidBytes(s string) (out [16]byte, ok bool) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return out, false
	}
	k := 0
	for i := 0; i < 36; i++ {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			continue
		}
		c := s[i]
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'a' && c <= 'f':
			c -= 'a' - 10
		default:
			return out, false
		}
		out[k>>1] |= c << (4 * (1 - k&1))
		k++
	}
	return out, true
}

// idSize tells how many bytes a packed id takes, and how many of them its text begins after.
func idSize(b []byte) (size, head int) {
	n, k := binary.Uvarint(b)
	if n == 1 {
		return 17, 1
	}
	return k + int(n>>1), k
}

// idText writes a packed id.
func idText(b []byte) string {
	size, head := idSize(b)
	if b[0] != 1 {
		return string(b[head:size])
	}
	var out [36]byte
	hex.Encode(out[:8], b[1:5])
	hex.Encode(out[9:13], b[5:7])
	hex.Encode(out[14:18], b[7:9])
	hex.Encode(out[19:23], b[9:11])
	hex.Encode(out[24:], b[11:17])
	out[8], out[13], out[18], out[23] = '-', '-', '-', '-'
	return string(out[:])
}

// fieldsOf gives the fields of a packed form, nil when the programme has no such form.
func (pr *Program) fieldsOf(code uint64) []*programme.Field {
	switch {
	case code == codeJudgement:
		return pr.judgement.Fields
	case code >= codeForms:
		return pr.forms[code-codeForms].Fields
	}
	return nil
}

// Record is a piece of evidence made ready to be filed: its values are packed. Making it is most of the work of filing, and can be done
// before anything is held.
type Record struct {
	*Evidence
	code   uint64
	values []byte
}

// Record makes a piece of evidence ready. It must not be changed afterwards.
func (pr *Program) Record(e *Evidence) Record {
	code := pr.codeOf(e.Form)
	return Record{e, code, pr.packFields(nil, code, e)}
}

// filed gives the record as it stands in a population, but for its ID.
func (r *Record) filed(pr *Program, form int) filed {
	f := filed{form: form, party: pr.partyOf(r.By), clause: -1, code: r.code, raw: r.values}
	f.On, f.Recorded, f.By, f.Filer = r.On, r.Recorded, r.By, r.Filer
	return f
}

// partyOf gives the place of a party, -1 when the name is that of none.
func (pr *Program) partyOf(name string) int {
	for i := range pr.p.Parties { // quicker than the map
		if pr.p.Parties[i].Name == name {
			return i
		}
	}
	return -1
}

// codeOf gives the code of a form.
func (pr *Program) codeOf(form string) uint64 {
	if form == programme.JudgementForm {
		return codeJudgement
	}
	if i, ok := pr.byForm[form]; ok {
		return codeForms + uint64(i)
	}
	return codeUnknown
}

// pack appends a piece of evidence.
func (pr *Program) pack(b []byte, e *Evidence, n *names) []byte {
	from, code := len(b), pr.codeOf(e.Form)
	b = pr.packFields(packHead(b, code, e, n), code, e)
	return packSize(b, from)
}

// packRecord appends a piece of evidence that was made ready.
func packRecord(b []byte, r *Record, n *names) []byte {
	from := len(b)
	return packSize(append(packHead(b, r.code, r.Evidence, n), r.values...), from)
}

// packHead appends what comes before the values, with room for the length.
func packHead(b []byte, code uint64, e *Evidence, n *names) []byte {
	b = append(b, 0, 0, 0, 0)
	b = binary.AppendUvarint(b, code)
	b = binary.AppendVarint(b, int64(e.On))
	b = binary.AppendVarint(b, e.Recorded)
	b = binary.AppendUvarint(b, n.code(e.By))
	b = binary.AppendUvarint(b, n.code(e.Filer))
	return appendID(b, e.ID)
}

// packSize writes how long the piece from a place on is.
func packSize(b []byte, from int) []byte {
	binary.LittleEndian.PutUint32(b[from:], uint32(len(b)-from-4))
	return b
}

// packFields appends the values.
func (pr *Program) packFields(b []byte, code uint64, e *Evidence) []byte {
	if code >= codeForms {
		return pr.forms[code-codeForms].packValues(b, e.Values)
	}
	if code == codeUnknown {
		b = appendText(b, e.Form)
	}
	return packValues(b, e.Values, pr.fieldsOf(code))
}

// packValues packs the values of a form.
func packValues(b []byte, values programme.Values, fields []*programme.Field) []byte {
	found := 0
	for _, f := range fields {
		if v, ok := values[f.Name]; ok {
			found++
			b = appendValue(b, v, f)
		} else {
			b = append(b, tagAbsent)
		}
	}
	b = binary.AppendUvarint(b, uint64(len(values)-found))
	if found < len(values) {
		for name, v := range values {
			if !slices.ContainsFunc(fields, func(f *programme.Field) bool { return f.Name == name }) {
				b = appendValue(appendText(b, name), v, nil)
			}
		}
	}
	return b
}

// mostSorted is how many fields a form has at most for its values to be sorted on the stack.
const mostSorted = 64

// packValues does so for a form of the programme. Going through the values once takes a third of looking every field up.
func (x *form) packValues(b []byte, values programme.Values) []byte {
	if len(x.Fields) > mostSorted {
		return packValues(b, values, x.Fields)
	}
	var sorted [mostSorted]any
	for name, v := range values {
		k, ok := x.field[name]
		if !ok {
			return packValues(b, values, x.Fields)
		}
		sorted[k] = v
	}
	for k, f := range x.Fields {
		if v := sorted[k]; v != nil {
			b = appendValue(b, v, f)
		} else {
			b = append(b, tagAbsent)
		}
	}
	return append(b, 0)
}

// nextPiece gives what stands behind the piece at the front of b.
func nextPiece(b []byte) []byte { return b[4+binary.LittleEndian.Uint32(b):] }

// filed is a piece of evidence as it stands in a population. Its ID and Values are there once it was opened.
type filed struct {
	Evidence
	form   int // -1: a judgement; -2: of a form or a clause that the programme does not have
	party  int // -1: filed by a role that is no party
	clause int // of judgements
	code   uint64
	id     []byte
	raw    []byte // its values
}

// read reads the head of the piece at the front of b, and gives what stands behind it.
func (f *filed) read(pr *Program, b []byte, n *names) []byte {
	size := binary.LittleEndian.Uint32(b)
	rest := b[4+size:]
	b = b[4 : 4+size]
	b = f.peek(b)
	by, k := binary.Uvarint(b)
	b = b[k:]
	filer, k := binary.Uvarint(b)
	b = b[k:]
	f.By, f.Filer = n.list[by], n.list[filer]
	k, _ = idSize(b)
	f.id, f.raw = b[:k], b[k:]
	f.Evidence.ID, f.Evidence.Form, f.Values = "", "", nil
	f.party, f.clause = pr.partyOf(f.By), -1
	switch f.code {
	case codeJudgement:
		f.form = -2
		if v := f.value(pr, 0); v.tag == tagText {
			if c, ok := pr.byClause[string(v.b)]; ok {
				f.form, f.clause = -1, c
			}
		}
	case codeUnknown:
		f.form = -2
	default:
		f.form = int(f.code - codeForms)
	}
	return rest
}

// peek reads of which form a piece is, and when.
func (f *filed) peek(b []byte) []byte {
	f.code, f.On, b = peekDay(b)
	recorded, k := binary.Varint(b)
	f.Recorded = recorded
	return b[k:]
}

// peekDay reads of which form a piece is, and of which day.
func peekDay(b []byte) (code uint64, on programme.Day, rest []byte) {
	code, k := uint64(b[0]), 1
	if code >= 0x80 { // few programmes have so many forms
		code, k = binary.Uvarint(b)
	}
	day, n := binary.Varint(b[k:])
	return code, programme.Day(day), b[k+n:]
}

// holdsID reports whether the piece that was peeked into has this packed id.
func holdsID(b, id []byte) bool {
	for range 2 { // by and filer
		for b[0] >= 0x80 {
			b = b[1:]
		}
		b = b[1:]
	}
	return bytes.HasPrefix(b, id)
}

// value gives the i-th field of the form.
func (f *filed) value(pr *Program, i int) (v value) {
	b, at := f.raw, 0
	for range i {
		at = skipValue(b, at)
	}
	v, _ = readValue(b[at:])
	return v
}

// open reads what a piece says.
func (f *filed) open(pr *Program) *filed {
	if f.Values != nil {
		return f
	}
	f.ID = idText(f.id)
	b := f.raw
	switch f.code {
	case codeJudgement:
		f.Form = programme.JudgementForm
	case codeUnknown:
		n, k := binary.Uvarint(b)
		f.Form, b = string(b[k:k+int(n)]), b[k+int(n):]
	default:
		f.Form = pr.forms[f.code-codeForms].Name
	}
	fields := pr.fieldsOf(f.code)
	f.Values = make(programme.Values, len(fields))
	var v value
	for _, x := range fields {
		if v, b = readValue(b); v.tag != tagAbsent {
			f.Values[x.Name] = v.any(x)
		}
	}
	more, k := binary.Uvarint(b)
	b = b[k:]
	for range more {
		n, k := binary.Uvarint(b)
		name := string(b[k : k+int(n)])
		if v, b = readValue(b[k+int(n):]); v.tag != tagAbsent {
			f.Values[name] = v.any(nil)
		}
	}
	return f
}

// pieces goes through the evidence of a subject, in the order in which it counts. What it gives is good until the next.
func (s *subject) pieces(pr *Program) iter.Seq[*filed] {
	return func(yield func(*filed) bool) {
		var f filed
		for b := s.data; len(b) > 0; {
			if b = f.read(pr, b, s.names); !yield(&f) {
				return
			}
		}
	}
}

// packsLike reports whether what one program packs the other reads: the same forms in the same places, with the same fields and options.
func (pr *Program) packsLike(o *Program) bool {
	return slices.EqualFunc(pr.forms, o.forms, func(f, g *form) bool {
		return f.Name == g.Name && slices.EqualFunc(f.Fields, g.Fields, func(x, y *programme.Field) bool {
			return x.Name == y.Name && slices.EqualFunc(x.Of, y.Of, func(a, b programme.Option) bool { return a.Name == b.Name })
		})
	})
}

// compareFiled gives the order in which evidence counts, but for twins that differ only in what they say.
func compareFiled(a, b *Evidence) int {
	if a.On != b.On {
		return int(a.On) - int(b.On)
	}
	switch {
	case a.Recorded < b.Recorded:
		return -1
	case a.Recorded > b.Recorded:
		return 1
	}
	for _, c := range [...]int{strings.Compare(a.ID, b.ID), strings.Compare(a.Form, b.Form), strings.Compare(a.By, b.By), strings.Compare(a.Filer, b.Filer)} {
		if c != 0 {
			return c
		}
	}
	return 0
}
