package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/evanw/esbuild/pkg/api"
)

// bundle is one configured build of the client.
type bundle struct {
	web, out string // absolute
	options  api.BuildOptions
}

// licences are the notices that must go with the code bundled.
var licences = map[string]string{
	"node_modules/three/LICENSE": "three-license.txt",
}

func newBundle(web string, sourcemap bool) (*bundle, error) {
	abs, err := filepath.Abs(web)
	if err != nil {
		return nil, fmt.Errorf("webbuild: directory %s: %w", web, err)
	}
	if _, err := os.Stat(filepath.Join(abs, "node_modules", "three")); err != nil {
		return nil, fmt.Errorf("webbuild: three.js is not installed in %s\nhint: run npm ci --ignore-scripts there, or make web", web)
	}
	b := &bundle{web: abs, out: filepath.Join(abs, "dist")}
	b.options = api.BuildOptions{
		AbsWorkingDir:       abs,
		EntryPointsAdvanced: []api.EntryPoint{{InputPath: "src/main.ts", OutputPath: "app"}},
		Outdir:              b.out,
		Bundle:              true,
		Format:              api.FormatESModule,
		Target:              api.ES2022,
		Platform:            api.PlatformBrowser,
		MinifyWhitespace:    true,
		MinifySyntax:        true,
		MinifyIdentifiers:   true,
		TreeShaking:         api.TreeShakingTrue,
		LegalComments:       api.LegalCommentsEndOfFile,
		LogLevel:            api.LogLevelWarning,
		Plugins:             []api.Plugin{{Name: "write", Setup: b.onEnd}},
	}
	if sourcemap {
		b.options.Sourcemap = api.SourceMapLinked
	}
	return b, nil
}

// build bundles once. esbuild has printed its own errors by then.
func (b *bundle) build() error {
	if r := api.Build(b.options); len(r.Errors) > 0 {
		return errors.New("webbuild: the client does not build")
	}
	return nil
}

// watch builds at every change of a source file until stop is written to.
// index.html is read at each build, but its change alone starts none.
func (b *bundle) watch(stop <-chan os.Signal) error {
	ctx, cerr := api.Context(b.options)
	if cerr != nil {
		return errors.New("webbuild: the client does not build")
	}
	defer ctx.Dispose()
	if err := ctx.Watch(api.WatchOptions{}); err != nil {
		return fmt.Errorf("webbuild: watch %s: %w", b.web, err)
	}
	<-stop
	return nil
}

// onEnd writes what a build made, since esbuild would neither add the page
// nor remove what an earlier build left.
func (b *bundle) onEnd(build api.PluginBuild) {
	build.InitialOptions.Write = false
	build.OnEnd(func(r *api.BuildResult) (api.OnEndResult, error) {
		if len(r.Errors) > 0 {
			return api.OnEndResult{}, nil
		}
		files := map[string][]byte{}
		for _, f := range r.OutputFiles {
			files[filepath.Base(f.Path)] = f.Contents
		}
		copies := map[string]string{"src/index.html": "index.html"}
		for from, to := range licences {
			copies[from] = to
		}
		for from, to := range copies {
			data, err := os.ReadFile(filepath.Join(b.web, from))
			if err != nil {
				return api.OnEndResult{}, fmt.Errorf("webbuild: read: %w", err)
			}
			files[to] = data
		}
		return api.OnEndResult{}, syncDir(b.out, files)
	})
}
