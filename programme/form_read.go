package programme

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

const maxText = 20_000

// read makes the typed value of what was filled in; nil when nothing was.
func (x *Field) read(raw any) (any, error) {
	switch v := raw.(type) {
	case nil:
		return nil, nil
	case Day:
		raw = v.String()
	case json.Number:
		raw = v.String()
	case int:
		raw = strconv.Itoa(v)
	case int64:
		raw = strconv.FormatInt(v, 10)
	case Decimal:
		raw = v.String()
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, sayErr("不是数", "this is not a number")
		}
		raw = DecimalFromFloat(v).String()
	}
	if s, ok := raw.(string); ok {
		s, err := plainText(s)
		if err != nil || s == "" {
			return nil, err
		}
		raw = s
	}
	switch x.Type {
	case Choices, Photo, File:
		return x.readList(raw)
	case Bool:
		return x.readBool(raw)
	}
	s, ok := raw.(string)
	if !ok {
		if b, isBool := raw.(bool); isBool {
			s = map[bool]string{true: "true", false: "false"}[b]
			if x.Type == Choice || x.Type == TextType {
				return x.readText(s)
			}
		}
		return nil, sayErr("类型不对", "this is the wrong kind of value")
	}
	switch x.Type {
	case Int, Number, Money, Real:
		return x.readNumber(s)
	case Date:
		return readDay(s)
	}
	return x.readText(s)
}

// plainText trims a text and refuses what no form should hold.
func plainText(s string) (string, error) {
	if len(s) > 4*maxText || utf8.RuneCountInString(s) > maxText {
		return "", sayErr("太长（最多 {0} 字）", "this is too long (at most {0} characters)", maxText)
	}
	if !utf8.ValidString(s) {
		return "", sayErr("含有无法识别的字符", "this has characters that cannot be read")
	}
	s = strings.TrimFunc(strings.ReplaceAll(s, "\r\n", "\n"), unicode.IsSpace)
	for _, r := range s {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return "", sayErr("含有控制字符", "this has control characters")
		}
	}
	return s, nil
}

// narrow turns full-width digits, letters and signs into ASCII.
func narrow(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= '！' && r <= '～':
			return r - '！' + '!'
		case r == '　':
			return ' '
		case r == '−' || r == '–':
			return '-'
		}
		return r
	}, s)
}

func (x *Field) readBool(raw any) (any, error) {
	switch v := raw.(type) {
	case bool:
		return v, nil
	case string:
		switch strings.ToLower(narrow(v)) {
		case "true", "1", "on", "yes", "y", "是", "有", "√":
			return true, nil
		case "false", "0", "off", "no", "n", "否", "无", "×":
			return false, nil
		}
	}
	return nil, sayErr("请填是或否", "this must be yes or no")
}

// ungrouped takes the separators of thousands out of a number. Making it costs more than using it.
var ungrouped = strings.NewReplacer(",", "", " ", "")

// withoutUnit takes the field's unit off a number, in either language.
func (x *Field) withoutUnit(text string) (string, bool) {
	for _, unit := range []string{x.Unit.Zh, x.Unit.En} {
		unit = strings.ReplaceAll(narrow(unit), " ", "")
		if bare, ok := strings.CutSuffix(text, unit); ok && unit != "" {
			return bare, true
		}
	}
	return text, false
}

func (x *Field) readNumber(s string) (any, error) {
	text := ungrouped.Replace(narrow(s))
	factor := DecimalOf(1)
	if x.Type == Money {
		text, factor = moneyUnit(text)
	} else if bare, ok := x.withoutUnit(text); ok {
		text = bare
	} else if strings.HasSuffix(text, "%") {
		text, factor = strings.TrimSuffix(text, "%"), NewDecimal(1, 2)
	}
	if strings.HasPrefix(text, ".") {
		text = "0" + text
	}
	d, err := ParseDecimal(text)
	if err != nil {
		if x.Type == Money {
			return nil, sayErr("“{0}”不是金额，例如 12.5万元", "“{0}” is not an amount of money such as 1200.50", s)
		}
		return nil, sayErr("“{0}”不是数", "“{0}” is not a number", s)
	}
	d = d.Mul(factor)
	if !d.Finite() {
		return nil, sayErr("“{0}”数值过大", "“{0}” is too large", s)
	}
	decimals := x.Decimals
	switch x.Type {
	case Int:
		decimals = 0
	case Money:
		decimals = 2
	case Real:
		decimals = maxDigits
	}
	if d.Scale() > decimals {
		if x.Type == Int {
			return nil, sayErr("请填整数", "this must be a whole number")
		}
		return nil, sayErr("最多 {0} 位小数", "at most {0} decimals", decimals)
	}
	switch {
	case x.Min != nil && d.Cmp(*x.Min) < 0:
		return nil, sayErr("不能小于 {0}", "this must be at least {0}", x.Show(*x.Min, Zh))
	case x.Max != nil && d.Cmp(*x.Max) > 0:
		return nil, sayErr("不能大于 {0}", "this must be at most {0}", x.Show(*x.Max, Zh))
	}
	switch x.Type {
	case Int:
		n, ok := d.Int64()
		if !ok {
			return nil, sayErr("“{0}”数值过大", "“{0}” is too large", s)
		}
		return n, nil
	case Real:
		return d.Float64(), nil
	}
	if _, ok := d.Scaled(decimals); !ok {
		return nil, sayErr("“{0}”数值过大", "“{0}” is too large", s)
	}
	return d, nil
}

// moneyUnit takes 元, 万元 and 亿元 off an amount.
func moneyUnit(s string) (string, Decimal) {
	s = strings.TrimPrefix(strings.TrimPrefix(strings.TrimPrefix(s, "人民币"), "¥"), "￥")
	s = strings.TrimSuffix(s, "元")
	for _, u := range []struct {
		sign   string
		factor int64
	}{{"万亿", 1_000_000_000_000}, {"亿", 100_000_000}, {"千万", 10_000_000}, {"百万", 1_000_000}, {"万", 10_000}} {
		if rest, ok := strings.CutSuffix(s, u.sign); ok {
			return rest, DecimalOf(u.factor)
		}
	}
	return s, DecimalOf(1)
}

var dayForms = []string{"2006-1-2", "2006/1/2", "2006.1.2", "2006年1月2日", "20060102", time.RFC3339}

func readDay(s string) (any, error) {
	text := strings.ReplaceAll(narrow(s), " ", "")
	for _, form := range dayForms {
		if t, err := time.Parse(form, text); err == nil {
			if t.Year() < 1800 || t.Year() > 2999 {
				break
			}
			return DayOf(t), nil
		}
	}
	return nil, sayErr("“{0}”不是日期，例如 2021-01-20", "“{0}” is not a day such as 2021-01-20", s)
}

func (x *Field) readText(s string) (any, error) {
	switch x.Type {
	case Choice:
		if name, ok := x.Option(s); ok {
			return name, nil
		}
		return nil, x.noOption(s)
	case Phone:
		text := strings.Map(func(r rune) rune {
			if strings.ContainsRune(" -()", r) {
				return -1
			}
			return r
		}, narrow(s))
		digits := strings.TrimPrefix(text, "+")
		if len(digits) < 5 || len(digits) > 15 || strings.Trim(digits, "0123456789") != "" {
			return nil, sayErr("“{0}”不是电话号码", "“{0}” is not a phone number", s)
		}
		return text, nil
	case CreditCode:
		text := strings.ToUpper(strings.ReplaceAll(narrow(s), " ", ""))
		if len(text) != 18 || strings.Trim(text, creditAlphabet) != "" {
			return nil, sayErr("统一社会信用代码为 18 位数字和大写字母（不含 I、O、S、V、Z）",
				"a credit code has 18 digits and capital letters (without I, O, S, V, Z)")
		}
		return text, nil
	case Place:
		if utf8.RuneCountInString(s) > 500 {
			return nil, sayErr("太长（最多 {0} 字）", "this is too long (at most {0} characters)", 500)
		}
	}
	return s, nil
}

func (x *Field) readList(raw any) (any, error) {
	var items []string
	switch v := raw.(type) {
	case string:
		items = strings.FieldsFunc(v, func(r rune) bool { return strings.ContainsRune(",，、;；|\n", r) })
	case []string:
		items = v
	case []any:
		for _, one := range v {
			s, ok := one.(string)
			if !ok {
				return nil, sayErr("类型不对", "this is the wrong kind of value")
			}
			items = append(items, s)
		}
	default:
		return nil, sayErr("类型不对", "this is the wrong kind of value")
	}
	var out []string
	seen := map[string]bool{}
	for _, s := range items {
		s, err := plainText(s)
		if err != nil {
			return nil, err
		}
		if s == "" {
			continue
		}
		if x.Type == Choices {
			name, ok := x.Option(s)
			if !ok {
				return nil, x.noOption(s)
			}
			s = name
		} else if len(s) > 200 {
			return nil, sayErr("附件标识太长", "the name of an attachment is too long")
		}
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		return nil, nil
	}
	if most := max(x.Most, 1); x.HoldsAttachments() && len(out) > most {
		return nil, sayErr("最多 {0} 个", "at most {0}", most)
	}
	if x.Type == Choices && x.Most > 0 && len(out) > x.Most {
		return nil, sayErr("最多选 {0} 项", "choose at most {0}", x.Most)
	}
	return out, nil
}

// creditAlphabet are the signs of GB 32100, in the order of their values.
const creditAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// CheckCreditCode reports whether the last sign of a credit code (GB 32100-2015) fits the others. Fill does not ask for it:
// offices keep codes with a wrong sign, and a warning is for the page to give.
func CheckCreditCode(code string) bool {
	if len(code) != 18 {
		return false
	}
	total, weight := 0, 1
	for i := range 17 {
		v := strings.IndexByte(creditAlphabet, code[i])
		if v < 0 {
			return false
		}
		total += v * weight
		weight = weight * 3 % 31
	}
	return creditAlphabet[(31-total%31)%31] == code[17]
}
