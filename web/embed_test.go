package web

import (
	"io/fs"
	"strings"
	"testing"
)

// Assets has an index.html whether or not the client was built, and the
// unbuilt one names the command that helps.
func TestAssetsAlwaysServeAPage(t *testing.T) {
	assets, built := Assets()
	page, err := fs.ReadFile(assets, "index.html")
	if err != nil {
		t.Fatal(err)
	}
	if built {
		for _, name := range []string{"app.js", "app.css"} {
			if _, err := fs.Stat(assets, name); err != nil {
				t.Errorf("built, but %v", err)
			}
		}
	}
	help, err := fs.ReadFile(sub(unbuilt, "unbuilt"), "index.html")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(help), "make web") {
		t.Error("the unbuilt page does not say how to build")
	}
	if built == (string(page) == string(help)) {
		t.Errorf("built = %v does not fit the page served", built)
	}
}

// The strict content security policy refuses inline scripts and styles, so
// the page must have none.
func TestPageNeedsNothingInline(t *testing.T) {
	assets, _ := Assets()
	page, err := fs.ReadFile(assets, "index.html")
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"<style", "style=", "onclick=", "onload=", "http://", "https://"} {
		if strings.Contains(string(page), bad) {
			t.Errorf("index.html contains %q", bad)
		}
	}
}
