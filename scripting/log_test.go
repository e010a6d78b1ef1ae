package scripting

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func texts(t testing.TB, r *logRing, level int) (got []string) {
	t.Helper()
	if err := r.tail(t.Context(), level, false, func(l LogLine) error { got = append(got, l.Text); return nil }); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestLogRing(t *testing.T) {
	r := newLogRing(maxLines, maxLineBytes)
	for i := range 3*maxLines + 7 {
		r.add(LogLine{Text: fmt.Sprint(i), Level: levels[i%4]})
	}
	got := texts(t, r, 0)
	if len(got) != maxLines || got[0] != fmt.Sprint(2*maxLines+7) || got[maxLines-1] != fmt.Sprint(3*maxLines+6) {
		t.Errorf("%d lines, %s to %s", len(got), got[0], got[len(got)-1])
	}
	if got := texts(t, r, levelError); len(got) != maxLines/4 || got[0] != fmt.Sprint(2*maxLines+7) {
		t.Errorf("%d errors, from %s on", len(got), got[0])
	}
	for range 100 { // fewer lines when they are long
		r.add(LogLine{Text: strings.Repeat("x", maxLine)})
	}
	if got := texts(t, r, 0); len(got) != maxLineBytes/maxLine || len(r.lines) > 2*maxLines+1 {
		t.Errorf("%d lines, %d places", len(got), len(r.lines))
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.tail(ctx, 0, true, func(LogLine) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	r.end()
	if err := r.tail(t.Context(), 0, true, func(LogLine) error { return nil }); err != nil {
		t.Errorf("got %v", err)
	}
}

func journal(t *testing.T, j *Journal, pid uint64, level string) (got []string) {
	t.Helper()
	if err := j.Read(pid, level, func(l LogLine) error {
		got = append(got, fmt.Sprint(l.PID, l.Name, " ", l.Level, " ", l.Text))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return got
}

func TestJournal(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "logs")
	j, err := OpenJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	j.add(LogLine{PID: 1, Name: "a", Level: "info", Text: "one", Time: time.Now()})
	j.add(LogLine{PID: 2, Name: "b", Level: "error", Text: "two", Time: time.Now()})
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	// What is no record is passed over; a later run goes on.
	f, err := os.OpenFile(j.path(0), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.WriteString("no record\n{\"pid\":3,\"level\":\"loud\"}\n")
	f.Close()
	if j, err = OpenJournal(dir); err != nil {
		t.Fatal(err)
	}
	j.add(LogLine{PID: 1, Name: "c", Level: "warn", Text: "three\x1b"})
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(journal(t, j, 0, ""), "|"); got != "1a info one|2b error two|1c warn three\uFFFD" {
		t.Errorf("got %q", got)
	}
	if got := strings.Join(journal(t, j, 1, "warn"), "|"); got != "1c warn three\uFFFD" {
		t.Errorf("got %q", got)
	}
	if err := j.Read(0, "loud", nil); err == nil {
		t.Error("an unknown level")
	}
}

func TestJournalIsBounded(t *testing.T) {
	dir := t.TempDir()
	j := &Journal{dir: dir, size: 1000, queue: make(chan LogLine, 10)}
	for i := range 100 {
		for range 20 { // twice what the queue holds
			j.add(LogLine{PID: uint64(i), Text: strings.Repeat("y", 60)})
		}
		j.batch(<-j.queue)
	}
	files, err := os.ReadDir(dir)
	if err != nil || len(files) != journalFiles || j.err != nil {
		t.Fatalf("%d files, %v, %v", len(files), err, j.err)
	}
	size := int64(0)
	for _, f := range files {
		info, err := f.Info()
		if err != nil {
			t.Fatal(err)
		}
		size += info.Size()
	}
	if size > journalFiles*(1000+3000) {
		t.Errorf("%d bytes", size)
	}
	got := journal(t, j, 0, "")
	if last := got[len(got)-1]; last != "0journal warn 10 lines came too fast and are not here" {
		t.Errorf("the last line is %q", last)
	}
}
