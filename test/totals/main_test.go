package main

import (
	"strings"
	"testing"
)

func TestCountsGoTests(t *testing.T) {
	stream := strings.Join([]string{
		`{"Action":"output","Package":"a","Test":"TestOne","Output":"=== RUN TestOne\n"}`,
		`{"Action":"pass","Package":"a","Test":"TestOne"}`,
		`{"Action":"output","Package":"a","Test":"TestTwo","Output":"    x_test.go:3: wrong colour\n"}`,
		`{"Action":"fail","Package":"a","Test":"TestTwo"}`,
		`{"Action":"output","Package":"a","Test":"TestThree","Output":"    x_test.go:9: needs root\n"}`,
		`{"Action":"output","Package":"a","Test":"TestThree","Output":"--- SKIP: TestThree (0.00s)\n"}`,
		`{"Action":"skip","Package":"a","Test":"TestThree"}`,
		`{"Action":"fail","Package":"a"}`,
		`{"Action":"output","Package":"b","Output":"ok b 0.1s\n"}`,
		`{"Action":"pass","Package":"b"}`,
		`{"Action":"fail","Package":"c"}`,
	}, "\n")
	var out strings.Builder
	p, err := fromGo(strings.NewReader(stream), &out)
	if err != nil {
		t.Fatal(err)
	}
	if p.Passed != 1 || p.Failed != 1 || len(p.Skipped) != 1 || len(p.Broken) != 1 {
		t.Errorf("counts: %+v", p)
	}
	if !strings.Contains(p.Skipped[0], "needs root") {
		t.Errorf("reason lost: %q", p.Skipped)
	}
	if !strings.Contains(out.String(), "wrong colour") || !strings.Contains(out.String(), "ok b") || strings.Contains(out.String(), "RUN TestOne") {
		t.Errorf("output: %q", out.String())
	}
}

func TestTotalFailsOnNothing(t *testing.T) {
	for _, tc := range []struct {
		in   string
		want bool
	}{
		{``, false},
		{`{"name":"unit","passed":2}`, true},
		{`{"name":"unit","passed":2}` + "\n" + `{"name":"e2e","passed":1,"failed":1}`, false},
		{`{"name":"unit","passed":2,"broken":["x"]}`, false},
	} {
		var out strings.Builder
		ok, err := total(strings.NewReader(tc.in), &out)
		if err != nil {
			t.Fatal(err)
		}
		if ok != tc.want {
			t.Errorf("total(%q) = %v, want %v", tc.in, ok, tc.want)
		}
	}
}

func TestVitest(t *testing.T) {
	p, err := fromVitest([]byte(`{"numPassedTests":7,"numFailedTests":0,"numPendingTests":1,"success":true}`))
	if err != nil || p.Passed != 7 || len(p.Skipped) != 1 || len(p.Broken) != 0 {
		t.Errorf("%+v, %v", p, err)
	}
	if p, _ = fromVitest([]byte(`{"success":false}`)); len(p.Broken) != 1 {
		t.Errorf("a report without success must count as broken: %+v", p)
	}
}
