package process

// Starting is a process that is being started, for Spawn's callback.
type Starting struct {
	t     *Table
	p     *Process
	watch []*Process // proxies that somebody watches now
}

// Process that starts.
func (s *Starting) Process() *Process { return s.p }

// Link links the new process to another that is alive.
func (s *Starting) Link(to *Process, tag int64) error {
	err := s.t.bind(to, s.p, tag, 0)
	if err == nil && to.spec.Proxy != nil {
		s.watch = append(s.watch, to)
	}
	return err
}

// Monitor has another told of the end of the new process, in a letter with a
// tag.
func (s *Starting) Monitor(by *Process, tag int64) (ref uint64, err error) {
	m, err := s.t.watch(by, s.p)
	if err != nil {
		return 0, err
	}
	m.tag = tag
	return m.ref, nil
}

// Watch has the new process told of the end of another.
func (s *Starting) Watch(of *Process) error {
	if of.over {
		return ErrNoProcess
	}
	_, err := s.t.watch(s.p, of)
	return err
}

// Name registers the new process so that others find it with some rights. by is
// who does, nil for the node. ErrTaken, ErrFull, ErrTooLarge.
func (s *Starting) Name(in *Names, name string, rights Rights, by *Process) error {
	return in.register(name, s.p.self.Demote(rights), by)
}
