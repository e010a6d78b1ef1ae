package top

import (
	"fmt"
	"strings"

	tea "charm.land/bubbletea/v2"
	"charm.land/lipgloss/v2"

	"github.com/metatopia/metatopia/node/control"
)

var (
	bold    = lipgloss.NewStyle().Bold(true)
	faint   = lipgloss.NewStyle().Faint(true)
	reverse = lipgloss.NewStyle().Reverse(true)
	warning = lipgloss.NewStyle().Foreground(lipgloss.Yellow)
	failure = lipgloss.NewStyle().Foreground(lipgloss.Red)
)

const (
	header = "    PID   CPU% MAILBOX REFUSED MEMORY    GAS STATE   NAME"
	footer = "? help  q quit  k kill  / filter  c m b n sort  1 2 3 logs  enter pane  p pause"
)

// paneRows is the height of the pane with its line of tabs.
func (m model) paneRows() int { return m.pane * m.height / 3 }

// tableRows is how many processes fit: besides them and the pane there are a
// title, a header and a footer.
func (m model) tableRows() int { return max(1, m.height-3-m.paneRows()) }

// View draws the whole screen.
func (m model) View() tea.View {
	v := tea.NewView(m.screen())
	v.AltScreen = true
	return v
}

// screen is height lines of width cells.
func (m model) screen() string {
	if m.width < minWidth || m.height < minHeight {
		return fit(fmt.Sprintf("Too small: %dx%d at least.", minWidth, minHeight), m.width)
	}
	var lines []string
	if m.mode == helping {
		lines = append([]string{bold.Render("metatopia top")}, strings.Split(help, "\n")...)
	} else {
		lines = append([]string{m.title(), bold.Render(fit(header, m.width))}, m.table()...)
		lines = append(lines, m.detail()...)
	}
	if len(lines) > m.height-1 {
		lines = lines[:m.height-1]
	}
	for len(lines) < m.height-1 {
		lines = append(lines, "")
	}
	lines = append(lines, m.bottom())
	for i := range lines {
		lines[i] = fit(lines[i], m.width)
	}
	return strings.Join(lines, "\n")
}

func (m model) title() string {
	s := bold.Render("metatopia top") + fmt.Sprintf("  %d processes", m.total)
	if m.total > len(m.ps) {
		s += fmt.Sprintf(", %d of them here", len(m.ps))
	}
	s += "  by " + m.by.String()
	if m.all {
		s += "  with ended ones"
	}
	if m.filter != "" && m.mode != filtering {
		s += "  /" + m.filter
	}
	if m.paused {
		s += "  " + warning.Render("paused")
	}
	if m.failed != "" {
		s += "  " + failure.Render(m.failed)
	}
	return s
}

func (m model) table() []string {
	lines := make([]string, m.tableRows())
	for i := range lines {
		at := m.first + i
		if at >= len(m.rows) {
			break
		}
		r := &m.rows[at]
		s := fmt.Sprintf("%7d %6.1f %7s %7s %6s %6s %-7s %s%s", r.PID, r.share, short(uint64(max(r.Mailbox, 0)), 1000),
			short(r.Refused, 1000), short(r.Memory, 1024), short(r.Gas, 1000), clean(r.State), r.branch, clean(r.Name))
		if at == m.index {
			s = reverse.Render(fit(s, m.width))
		}
		lines[i] = s
	}
	return lines
}

// detail is the pane: tabs, the selected process, and lines of the open tab.
func (m model) detail() []string {
	if m.pane == 0 {
		return nil
	}
	lines := make([]string, 0, m.paneRows())
	this := "2 this process"
	if m.selected != 0 {
		this = fmt.Sprintf("2 process %d", m.selected)
	}
	bar := "\u2500\u2500"
	for t, name := range []string{"1 all processes", this, "3 warnings and errors"} {
		if tab(t) == m.tab {
			name = bold.Render("[" + name + "]")
		} else {
			name = " " + name + " "
		}
		bar += name + "\u2500\u2500"
	}
	lines = append(lines, bar+strings.Repeat("\u2500", max(0, m.width-lipgloss.Width(bar))))
	if m.selected != 0 {
		lines = append(lines, about(&m.rows[m.index])...)
	}
	room := m.paneRows() - len(lines)
	if m.logsOf != m.wanted() {
		return append(lines, faint.Render("..."))
	}
	if len(m.logs) == 0 && room > 0 {
		return append(lines, faint.Render("No lines."))
	}
	for _, l := range m.logs[max(0, len(m.logs)-room):] {
		lines = append(lines, m.logLine(&l))
	}
	return lines
}

// about is what the table has no room for.
func about(r *row) []string {
	s := fmt.Sprintf("%s, started %s, parent %d, tree %d, %d links, %d monitors, %d letters, %.2f s",
		clean(r.Kind), clock(r.Started), r.Parent, r.Root, r.Links, r.Monitors, r.Received, r.CPU)
	if r.Exit != "" {
		s += ", ended: " + clean(r.Exit)
	}
	where := "module " + clean(r.Module)
	if r.On != "" {
		where = "on " + clean(r.On) + ", " + where
	} else if r.For != "" {
		where = "for " + clean(r.For) + ", " + where
	}
	return []string{faint.Render(s), faint.Render(where)}
}

func (m model) logLine(l *control.LogLine) string {
	of := ""
	if m.tab != tabThis {
		of = fmt.Sprintf("%d %s: ", l.PID, clean(l.Name))
	}
	s := fmt.Sprintf("%s %-5s %s%s", clock(l.Time), clean(l.Level), of, clean(l.Text))
	switch l.Level {
	case "warn":
		return warning.Render(s)
	case "error":
		return failure.Render(s)
	}
	return s
}

// bottom is the last line: what is asked, what was done, or the keys.
func (m model) bottom() string {
	switch {
	case m.mode == filtering:
		return "/" + m.filter + "\u2588  enter keeps it, esc drops it"
	case m.mode == asking && m.kill.Tree:
		return warning.Render(fmt.Sprintf("Kill %d and all that came of the same spawn? y/n  %s", m.kill.PID, clean(m.killing)))
	case m.mode == asking:
		return warning.Render(fmt.Sprintf("Kill %d? y/n  %s", m.kill.PID, clean(m.killing)))
	case m.mode == helping:
		return faint.Render("any key goes back")
	case m.note != "":
		return m.note
	}
	return faint.Render(footer)
}

const help = `up down pgup pgdn home end  select
c m b n   sort by cpu, memory, mailbox, name
/         show what matches, and what is above it; esc shows all
a         also those that have ended
enter     more of the logs, then none
tab 1 2 3 logs of all, of the selected one, warnings and errors
k K       kill the selected one; K all that came of the same spawn
p         pause
q         quit

CPU% is of one core, since the second before. MAILBOX is what waits,
REFUSED what found no room there, GAS the instructions so far.`
