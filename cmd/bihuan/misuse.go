package main

import "regexp"

// usageError is a wrong use of the command line: exit code 2.
type usageError struct{ error }

// misuses are what the parser of the command line says, in its English, and the same in Chinese.
var misuses = []struct {
	says *regexp.Regexp
	zh   string
}{
	{regexp.MustCompile(`^missing flags: (.*)$`), "缺少参数：$1"},
	{regexp.MustCompile(`^expected (".*")$`), "缺少：$1"},
	{regexp.MustCompile(`^expected one of (.*)$`), "缺少子命令，可用：$1"},
	{regexp.MustCompile(`^unknown flag ([^,]*), did you mean (?:one of )?(.*)\?$`), "没有参数 $1，是不是 $2？"},
	{regexp.MustCompile(`^unknown flag (.*)$`), "没有参数 $1"},
	{regexp.MustCompile(`^unexpected argument ([^,]*), did you mean (?:one of )?(.*)\?$`), "不认识 $1，是不是 $2？"},
	{regexp.MustCompile(`^unexpected argument (.*)$`), "不认识 $1"},
	{regexp.MustCompile(`^(\S+): expected a value.*$|^(\S+): missing value.*$`), "$1$2 后面缺少值"},
	{regexp.MustCompile(`^(\S+): expected a valid .* value but got (.*)$`), "$1 的值 $2 不对"},
	{regexp.MustCompile(`^(\S+) must be one of (.*) but got (.*)$`), "$1 应是其中之一：$2，不能是 $3"},
}

func misuseInChinese(said string) string {
	for _, m := range misuses {
		if m.says.MatchString(said) {
			return m.says.ReplaceAllString(said, m.zh)
		}
	}
	return said
}
