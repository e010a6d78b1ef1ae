package scripting

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// ring is the actor's log, made when there is something in it or somebody waits
// for that.
func (a *actor) ring() *logRing {
	a.logMu.Lock()
	defer a.logMu.Unlock()
	if a.log == nil {
		a.log = newLogRing(maxLines, maxLineBytes)
		a.log.ended = a.logOver
	}
	return a.log
}

// endLog: no more lines come.
func (a *actor) endLog() {
	a.logMu.Lock()
	a.logOver = true
	log := a.log
	a.logMu.Unlock()
	if log != nil {
		log.end()
	}
}

// dropLog frees the lines: a handle of another may keep the rest for long.
func (a *actor) dropLog() {
	a.logMu.Lock()
	a.log = nil
	a.logMu.Unlock()
}

func (a *actor) logLine(level int, text string) {
	if level < a.tree.level {
		return
	}
	// The clone is the line alone: text may be part of a large write.
	l := LogLine{PID: a.proc.ID(), Name: a.name, Time: time.Now(), Level: levels[level], Text: strings.Clone(clean(text, maxLine))}
	a.ring().add(l)
	a.table.lines.add(l)
	if a.table.cfg.Journal != nil {
		a.table.cfg.Journal.add(l)
	}
}

// print collects what is written to standard output (1) or error (2) and
// logs it by lines.
func (g *guest) print(fd uint32, b []byte) {
	r := g.p.more()
	text := r.partials[fd] + string(b)
	for {
		line, rest, ok := strings.Cut(text, "\n")
		if !ok {
			break
		}
		g.charge(gasLine)
		g.p.logLine(printLevel(fd), line)
		text = rest
	}
	r.partials[fd] = strings.Clone(text[:min(len(text), maxLine)])
	if len(text) > maxLine {
		g.charge(gasLine)
		g.p.flush(fd)
	}
}

func (a *actor) flush(fd uint32) {
	if r := a.rare; r != nil && r.partials[fd] != "" {
		a.logLine(printLevel(fd), r.partials[fd])
		r.partials[fd] = ""
	}
}

func printLevel(fd uint32) int {
	if fd == 2 {
		return levelWarn
	}
	return levelInfo
}

// Tail calls fn for the lines kept of a level ("" for all) or a higher one and,
// with follow, for those to come, until the process has ended, ctx ends (its
// error) or fn fails (its error). pid 0 is all processes together.
func (t *Processes) Tail(ctx context.Context, pid uint64, level string, follow bool, fn func(LogLine) error) error {
	least, err := LevelOf(level)
	if err != nil {
		return fmt.Errorf("scripting: tail: %w", err)
	}
	ring := t.lines
	if pid != 0 {
		a, err := t.here(pid)
		if err != nil {
			return fmt.Errorf("scripting: tail: %w", err)
		}
		ring = a.ring()
	}
	return ring.tail(ctx, least, follow, fn)
}
