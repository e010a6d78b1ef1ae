// Command totals reads what test runners print and keeps count over several
// runs, so that the last line of `make test` says what really ran.
//
//	go test -json ./... | totals -add FILE -name unit   shows failures, adds the counts
//	totals -vitest RESULT.json -add FILE -name web      the same for vitest's report
//	totals -sum FILE                                    prints the totals; fails when a test failed
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
)

// phase is one run of a test runner.
type phase struct {
	Name    string   `json:"name"`
	Passed  int      `json:"passed"`
	Failed  int      `json:"failed"`
	Skipped []string `json:"skipped"` // which, and the reason given
	Broken  []string `json:"broken"`  // packages that failed without a failing test
}

func main() {
	add := flag.String("add", "", "file to append this run's counts to")
	name := flag.String("name", "tests", "what to call this run")
	vitest := flag.String("vitest", "", "read vitest's JSON report instead of go test's stream on stdin")
	sum := flag.String("sum", "", "print the totals of this file")
	flag.Parse()
	ok, err := run(*add, *name, *vitest, *sum)
	if err != nil {
		fmt.Fprintln(os.Stderr, "totals:", err)
		os.Exit(1)
	}
	if !ok {
		os.Exit(1)
	}
}

func run(add, name, vitest, sum string) (ok bool, err error) {
	if sum != "" {
		f, err := os.Open(sum)
		if err != nil {
			return false, err
		}
		defer f.Close() // opened for reading
		return total(f, os.Stdout)
	}
	p := phase{}
	if vitest != "" {
		b, err := os.ReadFile(vitest)
		if err != nil {
			return false, err
		}
		if p, err = fromVitest(b); err != nil {
			return false, err
		}
	} else if p, err = fromGo(os.Stdin, os.Stdout); err != nil {
		return false, err
	}
	p.Name = name
	line, err := json.Marshal(p)
	if err != nil {
		return false, err
	}
	if add != "" {
		f, err := os.OpenFile(add, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
		if err != nil {
			return false, err
		}
		if _, err := f.Write(append(line, '\n')); err != nil {
			return false, err
		}
		if err := f.Close(); err != nil {
			return false, err
		}
	}
	return p.Failed == 0 && len(p.Broken) == 0, nil
}

// event is a line of `go test -json` (go doc test2json).
type event struct {
	Action, Package, Test, Output string
	ImportPath                    string // of a build failure
}

// fromGo counts a stream of go test -json and prints what a person wants to
// see of it: a line per package, and all of a failing test's output.
func fromGo(in io.Reader, out io.Writer) (phase, error) {
	var p phase
	held := make(map[string][]string) // output by test, dropped when it passes
	failed := make(map[string]bool)   // packages in which a test failed
	sc := bufio.NewScanner(in)
	sc.Buffer(nil, 16<<20)
	for sc.Scan() {
		var e event
		if json.Unmarshal(sc.Bytes(), &e) != nil {
			fmt.Fprintln(out, sc.Text()) // not ours: the go command's own words
			continue
		}
		key := e.Package + " " + e.Test
		switch {
		case e.Action == "build-output":
			fmt.Fprint(out, e.Output)
		case e.Action == "output":
			held[key] = append(held[key], e.Output)
		case e.Action == "pass" && e.Test != "":
			p.Passed++
			delete(held, key)
		case e.Action == "skip" && e.Test != "":
			p.Skipped = append(p.Skipped, e.Test+": "+reason(held[key]))
			delete(held, key)
		case e.Action == "fail" && e.Test != "":
			p.Failed++
			failed[e.Package] = true
			fmt.Fprint(out, strings.Join(held[key], ""))
			delete(held, key)
		case e.Action == "pass" || e.Action == "skip":
			fmt.Fprint(out, lastLine(held[key]))
		case e.Action == "fail":
			if !failed[e.Package] {
				p.Broken = append(p.Broken, e.Package)
			}
			fmt.Fprint(out, strings.Join(held[key], ""))
			for k, lines := range held { // tests that a panic or a timeout cut off
				if strings.HasPrefix(k, e.Package+" ") && k != key {
					fmt.Fprint(out, strings.Join(lines, ""))
				}
			}
		}
	}
	if err := sc.Err(); err != nil {
		return p, fmt.Errorf("read test output: %w", err)
	}
	return p, nil
}

// reason is the sentence a test gave for skipping.
func reason(lines []string) string {
	for i := len(lines) - 1; i >= 0; i-- {
		s := strings.TrimSpace(lines[i])
		if s != "" && !strings.HasPrefix(s, "---") && !strings.HasPrefix(s, "===") {
			return s
		}
	}
	return "no reason given"
}

func lastLine(lines []string) string {
	if len(lines) == 0 {
		return ""
	}
	return lines[len(lines)-1]
}

// fromVitest reads the report of vitest's json reporter.
func fromVitest(b []byte) (phase, error) {
	var r struct {
		NumPassedTests, NumFailedTests, NumPendingTests, NumFailedTestSuites int
		Success                                                              bool
	}
	if err := json.Unmarshal(b, &r); err != nil {
		return phase{}, fmt.Errorf("vitest report: %w", err)
	}
	p := phase{Passed: r.NumPassedTests, Failed: r.NumFailedTests}
	if r.NumPendingTests > 0 {
		p.Skipped = append(p.Skipped, fmt.Sprintf("%d in vitest", r.NumPendingTests))
	}
	if !r.Success && r.NumFailedTests == 0 {
		p.Broken = append(p.Broken, "vitest")
	}
	return p, nil
}

// total prints one line per run and the sum. Nothing counted is a failure.
func total(in io.Reader, out io.Writer) (bool, error) {
	dec := json.NewDecoder(in)
	var all phase
	for dec.More() {
		var p phase
		if err := dec.Decode(&p); err != nil {
			return false, fmt.Errorf("counts: %w", err)
		}
		fmt.Fprintf(out, "%-8s %5d passed  %d failed  %d skipped\n", p.Name, p.Passed, p.Failed+len(p.Broken), len(p.Skipped))
		all.Passed += p.Passed
		all.Failed += p.Failed
		all.Skipped = append(all.Skipped, p.Skipped...)
		all.Broken = append(all.Broken, p.Broken...)
	}
	for _, s := range all.Skipped {
		fmt.Fprintln(out, "skipped:", s)
	}
	for _, s := range all.Broken {
		fmt.Fprintln(out, "broken:", s)
	}
	failed := all.Failed + len(all.Broken)
	fmt.Fprintf(out, "total: %d passed, %d failed, %d skipped\n", all.Passed, failed, len(all.Skipped))
	return failed == 0 && all.Passed > 0, nil
}
