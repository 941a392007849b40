package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"bihuan.dev/bihuan/programme"
)

type versionCommand struct{}

// Run prints the version that the build knows: a tag, or the commit.
func (versionCommand) Run(c *console) error {
	_, err := fmt.Fprintf(c.out, "bihuan %s %s %s/%s\n", version(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}

func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		return v
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value[:min(12, len(s.Value))]
		}
	}
	return "unreleased"
}

type schemaCommand struct{}

// Run prints the JSON Schema of programme.yaml.
func (schemaCommand) Run(c *console) error {
	_, err := c.out.Write(programme.Schema())
	return err
}
