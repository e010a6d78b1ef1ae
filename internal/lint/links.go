package lint

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"
)

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)(?:\s+"[^"]*")?\)`)
	heading = regexp.MustCompile(`(?m)^#{1,6}\s+(.*?)\s*#*$`)
	fence   = regexp.MustCompile("(?ms)^```.*?^```")
	inline  = regexp.MustCompile("`[^`\n]*`")
)

// Links reports the relative links of a Markdown file that lead nowhere:
// a file that is not there, or a heading that it does not have.
func Links(path string, text []byte) []Finding {
	var out []Finding
	body := inline.ReplaceAllString(fence.ReplaceAllString(string(text), ""), "")
	for _, m := range link.FindAllStringSubmatch(body, -1) {
		u, err := url.Parse(m[1])
		if err != nil {
			out = append(out, Finding{path, "link", fmt.Sprintf("%q is not a link: %v", m[1], err)})
			continue
		}
		if u.IsAbs() || u.Host != "" {
			continue // the outside world is not checked: the test runs offline
		}
		target, content := path, text
		if u.Path != "" {
			target = filepath.Join(filepath.Dir(path), filepath.FromSlash(u.Path))
			info, err := os.Stat(target)
			if err != nil {
				out = append(out, Finding{path, "link", fmt.Sprintf("%s does not exist", m[1])})
				continue
			}
			if info.IsDir() || u.Fragment == "" {
				continue
			}
			if content, err = os.ReadFile(target); err != nil {
				out = append(out, Finding{path, "link", err.Error()})
				continue
			}
		}
		if u.Fragment != "" && strings.HasSuffix(target, ".md") && !hasHeading(content, u.Fragment) {
			out = append(out, Finding{path, "link", fmt.Sprintf("%s: there is no such heading", m[1])})
		}
	}
	return sorted(out)
}

func hasHeading(text []byte, fragment string) bool {
	for _, m := range heading.FindAllSubmatch(text, -1) {
		if slug(string(m[1])) == fragment {
			return true
		}
	}
	return false
}

// slug is how the usual Markdown viewers name a heading.
func slug(s string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(s) {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			b.WriteRune(r)
		case r == ' ':
			b.WriteByte('-')
		}
	}
	return b.String()
}
