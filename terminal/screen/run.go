package screen

import (
	"context"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	tea "charm.land/bubbletea/v2"

	"github.com/metatopia/metatopia/node/control"
)

// Node is what a viewer asks of a node; *control.Client is one.
type Node interface {
	Screen(context.Context, *control.ScreenRequest, func(*control.ScreenFrame) error) error
	ScreenAct(context.Context, *control.ScreenActRequest) error
}

// Run shows a process's screen until it has ended, the person leaves or ctx ends.
func Run(ctx context.Context, node Node, pid uint64, in io.Reader, out io.Writer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	acts := make(chan []string, 64)
	p := tea.NewProgram(model{pid: pid, acts: acts, width: 80, height: 24}, tea.WithContext(ctx),
		tea.WithInput(in), tea.WithOutput(out), tea.WithoutSignalHandler())
	var ended error
	go func() {
		ended = node.Screen(ctx, &control.ScreenRequest{PID: pid}, func(f *control.ScreenFrame) error {
			p.Send(f)
			return nil
		})
		p.Send(overMsg{})
	}()
	go func() { // one after the other: what is typed keeps its order
		for {
			select {
			case events := <-acts:
				if err := node.ScreenAct(ctx, &control.ScreenActRequest{PID: pid, Events: events}); err != nil {
					p.Send(troubleMsg{err})
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	m, err := p.Run()
	if err != nil && ctx.Err() == nil {
		return err
	}
	if last, ok := m.(model); ok && last.over {
		return ended
	}
	return nil
}

type overMsg struct{}

type troubleMsg struct{ error }

// model is all that the terminal shows.
type model struct {
	pid           uint64
	acts          chan<- []string
	width, height int
	copy          *Copy
	note          string
	over          bool
}

func (m model) Init() tea.Cmd { return nil }

func (m model) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	switch msg := msg.(type) {
	case tea.WindowSizeMsg:
		m.width, m.height = msg.Width, msg.Height
	case *control.ScreenFrame:
		if m.copy == nil {
			m.copy = &Copy{}
		}
		if err := m.copy.Apply(msg); err != nil {
			m.note = err.Error()
		}
	case overMsg:
		m.over = true
		return m, tea.Quit
	case troubleMsg:
		m.note = oneLine(msg.Error())
	case tea.KeyPressMsg:
		return m.key(msg)
	case tea.PasteMsg:
		m.act(pasted(msg.Content)...)
	case tea.MouseClickMsg:
		m.pointer("press", msg.Mouse())
	case tea.MouseReleaseMsg:
		m.pointer("release", msg.Mouse())
	case tea.MouseMotionMsg:
		m.pointer("move", msg.Mouse())
	}
	return m, nil
}

// key tells the process of one; a terminal does not say when it comes up, so it
// does so at once.
func (m model) key(k tea.KeyPressMsg) (tea.Model, tea.Cmd) {
	switch k.String() {
	case "ctrl+c", "ctrl+]":
		return m, tea.Quit
	}
	name := keyName(k.Key())
	if name == "" {
		return m, nil
	}
	events := []string{"key " + name, "up " + name}
	if text := k.Key().Text; text != "" {
		events = append(events, "text "+text)
	}
	m.act(events...)
	return m, nil
}

// browserNames are those of KeyboardEvent.key.
var browserNames = map[rune]string{
	tea.KeyEnter: "Enter", tea.KeyTab: "Tab", tea.KeyBackspace: "Backspace", tea.KeyEscape: "Escape", tea.KeySpace: "Space",
	tea.KeyUp: "ArrowUp", tea.KeyDown: "ArrowDown", tea.KeyLeft: "ArrowLeft", tea.KeyRight: "ArrowRight",
	tea.KeyHome: "Home", tea.KeyEnd: "End", tea.KeyPgUp: "PageUp", tea.KeyPgDown: "PageDown", tea.KeyDelete: "Delete", tea.KeyInsert: "Insert",
	tea.KeyF1: "F1", tea.KeyF2: "F2", tea.KeyF3: "F3", tea.KeyF4: "F4", tea.KeyF5: "F5", tea.KeyF6: "F6",
	tea.KeyF7: "F7", tea.KeyF8: "F8", tea.KeyF9: "F9", tea.KeyF10: "F10", tea.KeyF11: "F11", tea.KeyF12: "F12",
}

func keyName(k tea.Key) string {
	if name, ok := browserNames[k.Code]; ok {
		return name
	}
	if utf8.RuneCountInString(k.Text) == 1 {
		return k.Text
	}
	return ""
}

// pasted cuts a long text to events.
func pasted(text string) (events []string) {
	for text != "" && len(events) < control.MaxScreenEvents {
		n := 0
		for _, r := range text {
			if n+utf8.RuneLen(r) > control.MaxScreenEvent-len("text ") {
				break
			}
			n += utf8.RuneLen(r)
		}
		events = append(events, "text "+text[:n])
		text = text[n:]
	}
	return events
}

func (m model) pointer(what string, at tea.Mouse) {
	if m.copy == nil {
		return
	}
	a := m.copy.areaOf(m.width, m.rows())
	if at.X < 0 || at.Y < 0 || at.X >= a.cols || at.Y >= a.rows {
		return
	}
	col, row, x, y := -1, -1, -1, -1
	if m.copy.Cols > 0 {
		col, row = at.X, at.Y
	}
	if m.copy.Width > 0 {
		x, y = m.copy.pixelAt(a, at.X, 2*at.Y)
	}
	button := max(int(at.Button), 0)
	m.act(fmt.Sprintf("%s %d %d %d %d %d", what, button, col, row, x, y))
}

// act drops what the node is too slow for: old keys are worse than none.
func (m model) act(events ...string) {
	if len(events) == 0 {
		return
	}
	select {
	case m.acts <- events:
	default:
	}
}

// rows is what is left for the screen: the last line is ours.
func (m model) rows() int { return max(1, m.height-1) }

func (m model) View() tea.View {
	v := tea.NewView(m.draw())
	v.AltScreen, v.MouseMode = true, tea.MouseModeCellMotion
	if m.copy != nil {
		v.WindowTitle = oneLine(m.copy.Title)
		if c := m.copy.Cursor; c != nil && c.Col < m.width && c.Row < m.rows() {
			v.Cursor = tea.NewCursor(c.Col, c.Row)
		}
	}
	return v
}

func (m model) draw() string {
	foot := fmt.Sprintf("process %d  Ctrl-] leaves", m.pid)
	var lines []string
	if m.copy == nil {
		foot = "waiting for " + foot
	} else {
		lines = m.copy.lines(m.width, m.rows())
		if m.copy.Title != "" {
			foot = oneLine(m.copy.Title) + "  " + foot
		}
	}
	if m.note != "" {
		foot += "  " + m.note
	}
	for len(lines) < m.rows() {
		lines = append(lines, "")
	}
	if r := []rune(foot); len(r) > m.width {
		foot = string(r[:m.width])
	}
	return strings.Join(append(lines, "\x1b[0;2m"+foot+"\x1b[0m"), "\n")
}

// oneLine leaves out what would move the cursor.
func oneLine(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, s)
}
