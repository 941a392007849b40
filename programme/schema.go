package programme

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
)

// Schema gives the JSON Schema (2020-12) of programme.yaml, made from the same types and tags as the loader. It knows the form of
// what may be written; whether names exist and rules fit together only Load can tell.
func Schema() []byte { return schemaOf(reflect.TypeFor[Programme](), "Bihuan programme") }

// CaseSchema gives the JSON Schema of a file in cases/: a case, or a list of cases.
func CaseSchema() []byte { return schemaOf(reflect.TypeFor[Case](), "Bihuan case") }

type schema map[string]any

func schemaOf(t reflect.Type, title string) []byte {
	m := schemaMaker{defs: schema{}}
	root := m.of(t, member{})
	whole := schema{"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, "$defs": m.defs}
	if t == reflect.TypeFor[Case]() {
		whole["oneOf"] = []any{root, schema{"type": "array", "items": root}}
	} else {
		whole["$ref"] = root["$ref"]
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(whole); err != nil {
		panic(err) // only maps, lists and strings are in there
	}
	return b.Bytes()
}

type schemaMaker struct{ defs schema }

// plainSchema is what may stand for a text: YAML tells numbers and booleans from texts, authors need not.
var plainSchema = schema{"type": []string{"string", "number", "boolean"}}

var numberSchema = schema{"type": "number"}

func oneOfWords(w []string) schema { return schema{"enum": w} }

func either(s ...schema) schema { return schema{"anyOf": s} }

func object(required string, properties schema) schema {
	s := schema{"type": "object", "properties": properties, "additionalProperties": false}
	if required != "" {
		s["required"] = []string{required}
	}
	return s
}

// nameSchema is for keys that name things; those that rules use cannot be words of the expression language.
func nameSchema(rules bool) schema {
	s := schema{"pattern": "^[A-Za-z_][A-Za-z0-9_]{0,63}$"}
	if rules {
		s["not"] = oneOfWords(slices.Sorted(maps.Keys(celWords)))
	}
	return s
}

// of gives the schema of a value of type t.
func (m schemaMaker) of(t reflect.Type, f member) schema {
	if s := m.special(t, f); s != nil {
		return s
	}
	switch t.Kind() {
	case reflect.Pointer:
		return m.of(t.Elem(), f)
	case reflect.Struct:
		return m.structure(t, f)
	case reflect.Slice:
		if f.keyed {
			return m.keyed(t, f)
		}
		return schema{"type": "array", "items": m.of(t.Elem(), f)}
	case reflect.Map:
		return schema{"type": "object", "additionalProperties": m.of(t.Elem(), f)}
	case reflect.String:
		if len(f.words) > 0 {
			return oneOfWords(f.words)
		}
		return plainSchema
	case reflect.Bool:
		return schema{"type": "boolean"}
	case reflect.Int:
		s := schema{"type": "integer"}
		if f.lo != 0 || f.hi != 0 {
			s["minimum"], s["maximum"] = f.lo, f.hi
		}
		return s
	}
	panic("programme: no schema for " + t.String())
}

func (m schemaMaker) keyed(t reflect.Type, f member) schema {
	e := t.Elem()
	if e.Kind() == reflect.Pointer {
		e = e.Elem()
	}
	var value schema
	if len(members(e)) == 0 {
		value = m.of(e.Field(1).Type, member{percent: f.percent})
	} else {
		value = m.of(e, member{})
	}
	s := schema{"type": "object", "additionalProperties": value}
	if !f.free {
		s["propertyNames"] = nameSchema(inRules(e))
	}
	return s
}

// structure puts the schema of a struct among the definitions, once.
func (m schemaMaker) structure(t reflect.Type, f member) schema {
	name := t.Name()
	if f.peer {
		name = "Peer"
	}
	ref := schema{"$ref": "#/$defs/" + name}
	if _, done := m.defs[name]; done {
		return ref
	}
	m.defs[name] = nil // against going round in circles
	properties, required := schema{}, []string{}
	for _, x := range members(t) {
		if f.peer && (x.name == "as_of" || x.name == "party" || x.name == "peers" || x.name == "expect") {
			continue
		}
		s := m.of(t.Field(x.index).Type, x)
		if t == reflect.TypeFor[Indicator]() && x.name == "value" {
			s = schema{"type": "string", "pattern": `^\s*(sum|count|mean|median|ratio|min|max)\s*\([\s\S]*\)\s*$`}
		}
		if d := describe(t.Name(), x.name); d != "" {
			s = schema{"description": d, "allOf": []schema{s}}
		}
		properties[x.name] = s
		if x.required && !f.peer {
			required = append(required, x.name)
		}
	}
	if t == reflect.TypeFor[Programme]() { // these three may stand in either place
		standard := reflect.TypeFor[Standard]()
		for _, x := range members(standard) {
			if x.name == "vetoes" || x.name == "grades" {
				properties[x.name] = m.of(standard.Field(x.index).Type, x)
			}
		}
	}
	if t == reflect.TypeFor[Standard]() {
		properties["rounds"] = m.of(reflect.TypeFor[[]*Round](), member{keyed: true})
	}
	def := schema{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 && t != reflect.TypeFor[Programme]() { // whose keys may stand in several files
		def["required"] = required
	}
	m.defs[name] = def
	return ref
}

// special gives the schemas of the types that decode_special.go reads.
func (m schemaMaker) special(t reflect.Type, f member) schema {
	switch t {
	case reflect.TypeFor[Text]():
		return m.once("Text", either(plainSchema, object("", schema{"zh": plainSchema, "en": plainSchema})))
	case reflect.TypeFor[Decimal]():
		if f.percent {
			return either(numberSchema, schema{"type": "string", "pattern": percentForm})
		}
		return numberSchema
	case reflect.TypeFor[Day]():
		return schema{"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}
	case reflect.TypeFor[Span]():
		return m.once("Span", schema{"type": "string", "pattern": spanForm, "examples": []string{"30 days", "5 working days", "18 months", "1 year"}})
	case reflect.TypeFor[Limits]():
		span := m.of(reflect.TypeFor[Span](), member{})
		return m.once("Limits", either(span, schema{"type": "array", "items": span}))
	case reflect.TypeFor[Expr]():
		return m.once("Expr", either(schema{"type": "string", "pattern": `\S`}, schema{"type": []string{"number", "boolean"}}))
	case reflect.TypeFor[[]Option]():
		return m.once("Options", either(schema{"type": "array", "items": plainSchema, "uniqueItems": true},
			schema{"type": "object", "additionalProperties": m.of(reflect.TypeFor[Text](), member{})}))
	case reflect.TypeFor[Policy]():
		plain, points := []string{}, false
		for _, w := range f.words {
			if w == "points" {
				points = true
			} else {
				plain = append(plain, w)
			}
		}
		if points {
			return either(oneOfWords(plain), object("points", schema{"points": numberSchema}))
		}
		return oneOfWords(plain)
	case reflect.TypeFor[Cap]():
		return either(numberSchema, oneOfWords([]string{"none"}))
	case reflect.TypeFor[Then]():
		return either(numberSchema, oneOfWords([]string{"all"}), object("minus", schema{"minus": numberSchema}))
	case reflect.TypeFor[Step]():
		return schema{"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": m.of(reflect.TypeFor[Span](), member{})}
	case reflect.TypeFor[Ladder]():
		points := schema{"type": "object", "additionalProperties": numberSchema}
		return either(points, object("points", schema{"form": plainSchema, "level": plainSchema, "event": plainSchema, "points": points}))
	case reflect.TypeFor[Rank]():
		return m.structure(reflect.TypeFor[rankKeys](), member{})
	case reflect.TypeFor[CaseFiling]():
		return schema{"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": schema{"type": "object"}}
	case reflect.TypeFor[ExpectClause]():
		return either(numberSchema, m.structure(t, member{}))
	case reflect.TypeFor[Raw]():
		return schema{"type": "object"}
	}
	return nil
}

func (m schemaMaker) once(name string, s schema) schema {
	m.defs[name] = s
	return schema{"$ref": "#/$defs/" + name}
}

// describe gives what an editor shows beside a key, in both languages.
func describe(of, key string) string {
	d, ok := keyTexts[of+"."+key]
	if !ok {
		d, ok = keyTexts[key]
	}
	if !ok {
		return ""
	}
	return d.Zh + "\n" + d.En
}
