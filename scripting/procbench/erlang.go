package procbench

import (
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// The same measurements in Erlang.
//
//go:embed erlang.erl
var erlangSource []byte

// erlang runs them, with as many schedulers as there are processors here.
func (b *bench) erlang(ctx context.Context) error {
	if b.Erl == "" {
		return nil
	}
	dir, err := os.MkdirTemp("", "metatopia-bench-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.WriteFile(filepath.Join(dir, "mtbench.erl"), erlangSource, 0o600); err != nil {
		return err
	}
	n := runtime.GOMAXPROCS(0)
	cmd := exec.CommandContext(ctx, b.Erl, "+S", fmt.Sprintf("%d:%d", n, n), "+sbwt", "none", "+P", "1000000", "-noinput", "-eval",
		fmt.Sprintf(`{ok, mtbench} = compile:file("mtbench"), mtbench:main(%d, %d), halt().`, b.Many, b.Repeat))
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+dir)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(string(out)))
	}
	for line := range strings.Lines(string(out)) {
		var name string
		var v float64
		if n, _ := fmt.Sscan(line, &name, &v); n == 2 {
			b.report.Refer("erlang_"+name, v)
		}
	}
	return nil
}
