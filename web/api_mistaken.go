package web

import (
	"regexp"

	"github.com/danielgtaylor/huma/v2"

	"bihuan.dev/bihuan/programme"
)

// schemaMistakes are what the checker of schemas says of a call that does not fit its description, in its English, and what it means. Its
// texts are variables of its package, for all languages at once, so they are read rather than replaced.
var schemaMistakes = []struct {
	says *regexp.Regexp
	zh   string
	en   string
}{
	{regexp.MustCompile(`^validation failed$`), "调用与接口说明不符，没有保存任何内容", "the call does not fit its description; nothing was saved"},
	{regexp.MustCompile(`^expected required property (\S+) to be present$`), "缺少“$1”", "“$1” is missing"},
	{regexp.MustCompile(`^unexpected property$`), "没有这一项", "there is no such property"},
	{regexp.MustCompile(`^unexpected end of JSON input$|^invalid character .*`), "不是完整的 JSON", "this is not JSON as a whole"},
	{regexp.MustCompile(`^request body is too large .*`), "请求内容太大，最多 " + itoa(maxAPIBody>>20) + " MB：请分几次调用，或在页面上、用命令行导入",
		"the body is too large, " + itoa(maxAPIBody>>20) + " MB at most: make several calls, or import it on the pages or by the command line"},
	{regexp.MustCompile(`^request body is required$`), "缺少请求内容", "the body is missing"},
	{regexp.MustCompile(`^(?:expected|invalid) (?:integer|number|float)$`), "应是数", "a number is wanted"},
	{regexp.MustCompile(`^(?:expected|invalid) boolean$`), "应是 true 或 false", "true or false is wanted"},
	{regexp.MustCompile(`^expected string$`), "应是文字", "a text is wanted"},
	{regexp.MustCompile(`^expected array$`), "应是列表", "a list is wanted"},
	{regexp.MustCompile(`^expected object$`), "应是对象", "an object is wanted"},
	{regexp.MustCompile(`^expected string to be RFC 3339 date$`), "应是日期，如 2021-01-20", "a day is wanted, like 2021-01-20"},
	{regexp.MustCompile(`^expected value to be one of "(.*)"$`), "应是其中之一：$1", "one of these is wanted: $1"},
	{regexp.MustCompile(`^expected number >= (\S+)$`), "不得小于 $1", "it must not be less than $1"},
	{regexp.MustCompile(`^expected number <= (\S+)$`), "不得大于 $1", "it must not be more than $1"},
	{regexp.MustCompile(`^expected (?:length|array length) >= (\d+)$`), "至少要有 $1 个", "at least $1 are wanted"},
	{regexp.MustCompile(`^expected (?:length|array length) <= (\d+)$`), "最多 $1 个", "at most $1 are allowed"},
}

// inWords says what is wrong with a call in the caller's language.
func inWords(ctx huma.Context, _ string, body any) (any, error) {
	p, ok := body.(*huma.ErrorModel)
	if !ok {
		return body, nil
	}
	lang := callerOf(ctx.Context()).lang
	p.Detail = schemaMistake(lang, p.Detail)
	for _, e := range p.Errors {
		e.Message = schemaMistake(lang, e.Message)
	}
	return p, nil
}

func schemaMistake(lang programme.Lang, said string) string {
	for _, m := range schemaMistakes {
		if m.says.MatchString(said) {
			return m.says.ReplaceAllString(said, programme.T(m.zh, m.en).In(lang))
		}
	}
	return said
}
