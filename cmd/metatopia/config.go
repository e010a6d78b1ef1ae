package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/alecthomas/kong"
)

// config gives flags that were not on the command line their value: from the
// environment, else from the config file. Keys of the file are flag names of
// `up` and `home`; the variable of --log-level is METATOPIA_LOG_LEVEL.
type config struct {
	path   string
	values map[string]any
	getenv func(string) (string, bool)
}

const maxConfigBytes = 1 << 20

// loadConfig reads the file named by --config, METATOPIA_CONFIG or the
// default. Only a default file may be missing.
func loadConfig(args []string, getenv func(string) (string, bool)) (*config, error) {
	c := &config{getenv: getenv}
	path, named := configPath(args, getenv)
	if path == "" {
		return c, nil
	}
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) && !named {
		return c, nil
	}
	if err == nil && info.Size() > maxConfigBytes {
		err = fmt.Errorf("%d bytes, the limit is %d", info.Size(), maxConfigBytes)
	}
	var data []byte
	if err == nil {
		data, err = os.ReadFile(path)
	}
	if err == nil {
		err = json.Unmarshal(data, &c.values)
	}
	if err != nil {
		return nil, usagef("the file is one JSON object: {\"name\": \"Ada\", \"web\": \"127.0.0.1:8600\"}", "config file %s: %w", path, err)
	}
	c.path = path
	return c, nil
}

func configPath(args []string, getenv func(string) (string, bool)) (path string, named bool) {
	for i, a := range args {
		if a == "--" {
			break
		}
		if v, ok := strings.CutPrefix(a, "--config="); ok {
			return v, true
		}
		if a == "--config" && i+1 < len(args) {
			return args[i+1], true
		}
	}
	if v, ok := getenv("METATOPIA_CONFIG"); ok && v != "" {
		return v, true
	}
	if dir, ok := getenv("XDG_CONFIG_HOME"); ok && filepath.IsAbs(dir) {
		return filepath.Join(dir, "metatopia", "config.json"), false
	}
	if home, err := os.UserHomeDir(); err == nil {
		return filepath.Join(home, ".config", "metatopia", "config.json"), false
	}
	return "", false
}

// Validate refuses keys that no flag has: a misspelt setting must not be
// silently without effect.
func (c *config) Validate(app *kong.Application) error {
	known := map[string]bool{"home": true}
	for _, n := range app.Leaves(false) {
		if n.Name == "up" {
			for _, f := range n.Flags {
				known[f.Name] = true
			}
		}
	}
	for k := range c.values {
		if !known[k] {
			return usagef("settings are home and the flags in `metatopia up --help`", "config file %s: unknown setting %q", c.path, k)
		}
	}
	return nil
}

// Resolve implements kong.Resolver.
func (c *config) Resolve(_ *kong.Context, parent *kong.Path, flag *kong.Flag) (any, error) {
	if flag.Name == "help" || flag.Name == "config" {
		return nil, nil
	}
	up := parent != nil && parent.Command != nil && (parent.Command.Name == "up" || parent.Command.Name == "join")
	if !up && flag.Name != "home" {
		return nil, nil
	}
	name := "METATOPIA_" + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
	if v, ok := c.getenv(name); ok {
		return v, nil
	}
	v, ok := c.values[flag.Name]
	if !ok {
		return nil, nil
	}
	return v, nil
}
