package scripting

import (
	"errors"
	"fmt"
	"strings"
)

// exitError is how a guest ends itself.
type exitError struct{ code uint32 }

func (e *exitError) Error() string { return fmt.Sprintf("exit %d", int32(e.code)) }

// trapf stops the guest because of what it did. Only for host functions: the
// engine turns the panic into the error of the call.
func trapf(format string, a ...any) {
	panic(fmt.Errorf("%w: %s", ErrTrap, fmt.Sprintf(format, a...)))
}

// fault turns an error of the engine into one of ours. Its text is a function
// of what the guest did: no addresses, no stack traces, because a region keeps
// it in its replicated state.
func fault(err error) error {
	if err == nil {
		return nil
	}
	var exit *exitError
	var failed *failError
	var raised *raisedError
	switch {
	case errors.As(err, &exit):
		if exit.code == 0 {
			return nil
		}
		return exit
	case errors.As(err, &failed):
		return failed
	case errors.Is(err, errNotFrozen):
		return errNotFrozen
	case errors.As(err, &raised):
		return raised
	case errors.Is(err, ErrKilled):
		return ErrKilled
	case errors.Is(err, ErrOutOfGas):
		return ErrOutOfGas
	case errors.Is(err, ErrTooDeep):
		return ErrTooDeep
	}
	line, _, _ := strings.Cut(err.Error(), "\n")
	line = strings.TrimSuffix(line, " (recovered by wazero)")
	line = strings.TrimPrefix(line, "wasm error: ")
	line = strings.TrimPrefix(line, ErrTrap.Error()+": ")
	return fmt.Errorf("%w: %s", ErrTrap, line)
}

// exitText is how a process's end is shown.
func exitText(err error) string {
	if err == nil {
		return "exit 0"
	}
	return err.Error()
}
