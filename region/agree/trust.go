package agree

import "fmt"

// Trust is what a region's owner takes its servers for.
type Trust uint8

const (
	// Crash: servers may fail, and none lies (T1).
	Crash Trust = iota
	// Accountable: one that lies leaves a proof and is taken out (T2).
	Accountable
	// Byzantine: up to a third may lie and change nothing by it (T3).
	Byzantine
)

var trusts = [...]string{Crash: "crash", Accountable: "accountable", Byzantine: "byzantine"}

func (t Trust) String() string {
	if int(t) < len(trusts) {
		return trusts[t]
	}
	return fmt.Sprintf("trust %d", uint8(t))
}

// Level is the short name: T1, T2 or T3.
func (t Trust) Level() string { return fmt.Sprintf("T%d", t+1) }

// Known tells whether this program knows the level.
func (t Trust) Known() bool { return int(t) < len(trusts) }

// ParseTrust reads a level by its name; "" is Crash. The error is ErrForm.
func ParseTrust(s string) (Trust, error) {
	for i, name := range trusts {
		if s == name {
			return Trust(i), nil
		}
	}
	if s == "" {
		return Crash, nil
	}
	return 0, fmt.Errorf("agree: trust %q: %w", s, ErrForm)
}
