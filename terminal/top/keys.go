package top

import (
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"github.com/metatopia/metatopia/node/control"
)

// key changes the model by one key.
func (m model) key(k tea.KeyPressMsg) (tea.Model, tea.Cmd) {
	if k.String() == "ctrl+c" {
		return m, tea.Quit
	}
	switch m.mode {
	case filtering:
		return m.typed(k)
	case asking:
		m.mode = looking
		if k.String() == "y" {
			m.note = "Killing ..."
			return m, m.doKill()
		}
		m.note = "Not killed."
		return m, nil
	case helping:
		m.mode = looking
		return m, nil
	}
	m.note = ""
	page := max(1, m.tableRows()-1)
	switch k.String() {
	case "q":
		return m, tea.Quit
	case "up":
		return m.moved(-1)
	case "down":
		return m.moved(1)
	case "pgup":
		return m.moved(-page)
	case "pgdown":
		return m.moved(page)
	case "home":
		return m.moved(-len(m.rows))
	case "end":
		return m.moved(len(m.rows))
	case "c":
		return m.sorted(byCPU)
	case "m":
		return m.sorted(byMemory)
	case "b":
		return m.sorted(byMailbox)
	case "n":
		return m.sorted(byName)
	case "tab", "right":
		return m.opened((m.tab + 1) % tabs)
	case "shift+tab", "left":
		return m.opened((m.tab + tabs - 1) % tabs)
	case "1", "2", "3":
		return m.opened(tab(k.String()[0] - '1'))
	case "enter":
		m.pane = (m.pane + 1) % 3
		m = m.placed()
		return m, m.fetchLogs()
	case "a":
		m.all = !m.all
	case "p", "space":
		m.paused = !m.paused
	case "/":
		m.mode = filtering
	case "esc":
		m.filter = ""
		return m.arranged(), nil
	case "?":
		m.mode = helping
	case "k", "K":
		if m.selected != 0 {
			m.mode = asking
			m.kill = control.KillRequest{PID: m.selected, Tree: k.String() == "K"}
			m.killing = m.rows[m.index].Name
		}
	}
	return m, nil
}

// typed changes the filter.
func (m model) typed(k tea.KeyPressMsg) (tea.Model, tea.Cmd) {
	switch k.String() {
	case "enter":
		m.mode = looking
		return m, nil
	case "esc":
		m.mode, m.filter = looking, ""
	case "backspace":
		_, n := utf8.DecodeLastRuneInString(m.filter)
		m.filter = m.filter[:len(m.filter)-n]
	default:
		if text := clean(k.Key().Text); len(m.filter)+len(text) <= maxFilter {
			m.filter += text
		}
	}
	return m.arranged(), nil
}

func (m model) moved(by int) (tea.Model, tea.Cmd) {
	m.index += by
	m = m.placed()
	if m.tab == tabThis {
		return m, m.fetchLogs()
	}
	return m, nil
}

func (m model) sorted(by order) (tea.Model, tea.Cmd) {
	m.by = by
	return m.arranged(), nil
}

func (m model) opened(t tab) (tea.Model, tea.Cmd) {
	m.tab = t
	m.pane = max(m.pane, 1)
	m = m.placed()
	return m, m.fetchLogs()
}
