package region

import "fmt"

// check holds a result against the bounds.
func (r *ScriptResult) check() error {
	if len(r.Set) > MaxScriptSets || len(r.Say) > MaxScriptSays {
		return fmt.Errorf("%d slot writes and %d lines, at most %d and %d", len(r.Set), len(r.Say), MaxScriptSets, MaxScriptSays)
	}
	if err := r.checkSends(); err != nil {
		return err
	}
	if err := r.checkAsks(); err != nil {
		return err
	}
	if len(r.Propose) > MaxScriptProposals || len(r.Txns) > MaxScriptTxns {
		return fmt.Errorf("%d proposals and %d transactions, at most %d and %d", len(r.Propose), len(r.Txns), MaxScriptProposals, MaxScriptTxns)
	}
	for i := range r.Propose {
		if err := r.Propose[i].check(); err != nil {
			return err
		}
	}
	for i := range r.Txns {
		if err := r.Txns[i].check(); err != nil {
			return err
		}
	}
	for _, w := range r.Set {
		if provenance(w.Name) {
			return fmt.Errorf("slot %s is not for scripts to write", w.Name)
		}
	}
	if !r.Push.Finite() || r.Push.Len() > 2*MaxPush {
		return fmt.Errorf("push of %v, at most %v m/s", r.Push, MaxPush)
	}
	for _, l := range r.Say {
		if len(l) > MaxText || !printable(l) {
			return fmt.Errorf("line is empty, too long or not printable text")
		}
	}
	return nil
}

// clip shortens to n bytes at a character and drops control characters.
func clip(s string, n int) string {
	out := make([]rune, 0, min(len(s), n))
	size := 0
	for _, r := range s {
		if r < ' ' || (r >= 0x7f && r <= 0x9f) {
			r = ' '
		}
		w := len(string(r))
		if size += w; size > n {
			break
		}
		out = append(out, r)
	}
	return string(out)
}
