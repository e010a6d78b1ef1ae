package top

import (
	"context"
	"io"

	tea "charm.land/bubbletea/v2"
)

// Run shows the processes of a node on a terminal until the person quits or
// ctx ends. Sort is cpu, memory, mailbox or name; all shows ended ones too.
func Run(ctx context.Context, node Node, sort string, all bool, in io.Reader, out io.Writer) error {
	_, err := tea.NewProgram(newModel(ctx, node, orderOf(sort), all), tea.WithContext(ctx),
		tea.WithInput(in), tea.WithOutput(out), tea.WithoutSignalHandler()).Run()
	if ctx.Err() != nil {
		return nil // as with q
	}
	return err
}
