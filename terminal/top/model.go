package top

import (
	"context"
	"fmt"
	"time"

	tea "charm.land/bubbletea/v2"

	"github.com/metatopia/metatopia/node/control"
)

type mode int

const (
	looking   mode = iota
	filtering      // typing after /
	asking         // whether to kill
	helping
)

// tab is which log lines the pane shows.
type tab int

const (
	tabAll tab = iota
	tabThis
	tabWarn
	tabs
)

// model is all that the screen depends on.
type model struct {
	ctx  context.Context
	node Node

	width, height int
	mode          mode
	by            order
	filter        string
	all           bool // ended ones too
	paused        bool
	pane          int // 0 none, 1 a third, 2 two thirds of the screen
	tab           tab

	rates rates
	ps    []control.Process
	share map[uint64]float64
	total int
	rows  []row

	selected uint64 // pid
	index    int    // of the selected in rows
	first    int    // row at the top of the table

	logs    []control.LogLine
	logsOf  request
	kill    control.KillRequest
	killing string // the name of what kill means
	note    string // of what was done last
	failed  string // why the last refresh did not come
}

// request is what a refresh of the lines was asked for.
type request struct {
	tab tab
	pid uint64
}

type tickMsg struct{}

// sampleMsg is an answer to a refresh of the list.
type sampleMsg struct {
	at  time.Time
	res *control.PsResponse
	err error
}

// logsMsg is an answer to a refresh of the lines.
type logsMsg struct {
	of    request
	lines []control.LogLine
	err   error
}

// killedMsg says how a kill went.
type killedMsg struct {
	req control.KillRequest
	err error
}

func newModel(ctx context.Context, node Node, by order, all bool) model {
	return model{ctx: ctx, node: node, by: by, all: all, pane: 1, width: 80, height: 24}
}

func (m model) Init() tea.Cmd { return tea.Batch(m.fetch(), m.fetchLogs()) }

// fetch asks for the list.
func (m model) fetch() tea.Cmd {
	req := control.PsRequest{All: m.all, Sort: m.by.asked(), Limit: MaxRows}
	if m.filter != "" {
		req.Limit = control.MaxPs
	}
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(m.ctx, fetchTimeout)
		defer cancel()
		res, err := m.node.Ps(ctx, &req)
		return sampleMsg{time.Now(), res, err}
	}
}

func (m model) wanted() request {
	if m.tab == tabThis {
		return request{m.tab, m.selected}
	}
	return request{m.tab, 0}
}

// fetchLogs asks for the lines of the open tab.
func (m model) fetchLogs() tea.Cmd {
	of := m.wanted()
	if m.pane == 0 || of.tab == tabThis && of.pid == 0 {
		return nil
	}
	req := control.TailRequest{PID: of.pid, Level: "debug"}
	if of.tab == tabWarn {
		req.Level = "warn"
	}
	return func() tea.Msg {
		ctx, cancel := context.WithTimeout(m.ctx, fetchTimeout)
		defer cancel()
		var lines []control.LogLine
		err := m.node.Tail(ctx, &req, func(l *control.LogLine) error {
			if len(lines) == 2*maxLines { // the last ones are shown
				lines = append(lines[:0], lines[maxLines:]...)
			}
			lines = append(lines, *l)
			return nil
		})
		return logsMsg{of, lines, err}
	}
}

func (m model) doKill() tea.Cmd {
	req := m.kill
	return func() tea.Msg { return killedMsg{req, m.node.Kill(m.ctx, &req)} }
}

// Update changes the model by one message.
func (m model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
		return m.placed(), nil
	case tickMsg:
		if m.paused {
			return m, tick()
		}
		return m, tea.Batch(m.fetch(), m.fetchLogs())
	case sampleMsg:
		if msg.err != nil {
			m.failed = clean(msg.err.Error())
			return m, tick()
		}
		m.failed = ""
		m.ps, m.total = msg.res.Processes, msg.res.Total
		m.share = m.rates.next(msg.at, m.ps)
		return m.arranged(), tick()
	case logsMsg:
		if msg.of == m.wanted() && (msg.err == nil || control.CodeOf(msg.err) == control.NotFound) {
			m.logs, m.logsOf = msg.lines, msg.of
		}
		return m, nil
	case killedMsg:
		switch {
		case msg.err != nil:
			m.note = clean(msg.err.Error())
		case msg.req.Tree:
			m.note = fmt.Sprintf("Process %d and its tree have ended.", msg.req.PID)
		default:
			m.note = fmt.Sprintf("Process %d has ended.", msg.req.PID)
		}
		return m, nil
	case tea.KeyPressMsg:
		return m.key(msg)
	}
	return m, nil
}

func tick() tea.Cmd { return tea.Tick(every, func(time.Time) tea.Msg { return tickMsg{} }) }

// arranged makes the rows anew; the selection stays with its process, or in
// its place when that has gone.
func (m model) arranged() model {
	m.rows = arrange(m.ps, m.share, m.by, m.filter)
	for i := range m.rows {
		if m.rows[i].PID == m.selected {
			m.index = i
		}
	}
	return m.placed()
}

// placed keeps the selection within the rows and the rows around it in sight.
func (m model) placed() model {
	m.index = max(0, min(m.index, len(m.rows)-1))
	m.selected = 0
	if len(m.rows) > 0 {
		m.selected = m.rows[m.index].PID
	}
	table := m.tableRows()
	m.first = max(0, min(m.first, m.index, len(m.rows)-table))
	m.first = max(m.first, m.index-table+1)
	return m
}
