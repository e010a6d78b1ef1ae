package process

// Handler is the body of a process without a stack. Its methods are called by
// one goroutine at a time.
type Handler interface {
	// Start is called once, before any letter.
	Start(p *Process) error
	// Handle takes a letter. A nil error goes on, Leave ends normally, an
	// Exited with its code, any other as a fault. The letter is valid during
	// the call; what it holds is the body's.
	Handle(p *Process, l *Letter) error
	// Spent says that the slice is used up: the turn ends after this letter.
	Spent() bool
	// Stop frees what the body holds. It is called once, last, also when
	// Start has failed or was never called; p.Stopped is closed then.
	Stop(p *Process)
}

// Blocking is the body of a process with a goroutine.
type Blocking interface {
	// Run is the process's life. It must come back soon after p.Stopped() is
	// closed; Process.Receive and Process.Yield say so with ErrClosed.
	Run(p *Process) error
	Stop(p *Process)
}

// Proxy stands for a process elsewhere. Its methods must not block and may be
// called by several goroutines at a time.
type Proxy interface {
	// Forward sends a message on.
	Forward(p *Process, l *Letter) error
	// Watched says that p.Watched has changed.
	Watched(p *Process)
	// Exited says that one here that is linked to it has ended, also normally.
	Exited(p *Process, r Reason)
	// Kill asks for the end of the process.
	Kill(p *Process)
}

// Leave is what a body gives to end normally.
var Leave error = Exited(0)

// Exited is what a body gives to end with a code.
type Exited int32

func (e Exited) Error() string { return Reason{End: Failed, Code: int32(e)}.String() }

// reasonOf is what the error of a body means.
func reasonOf(err error) Reason {
	switch e := err.(type) {
	case nil:
		return Reason{}
	case Exited:
		if e == 0 {
			return Reason{}
		}
		return Reason{End: Failed, Code: int32(e)}
	}
	return Reason{End: Faulted, Text: err.Error(), Err: err}
}
