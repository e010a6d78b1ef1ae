package process

// Register gives p a name under which others find it until it ends. ErrTaken
// when another has it, ErrFull, ErrTooLarge, ErrNoProcess.
func (t *Table) Register(name string, p *Process) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.register(name, p)
}

func (t *Table) register(name string, p *Process) error {
	switch q := t.names[name]; {
	case p.over:
		return ErrNoProcess
	case q == p:
		return nil
	case q != nil:
		return ErrTaken
	case name == "" || len(name) > maxName:
		return ErrTooLarge
	case len(t.names) >= MaxNames:
		return ErrFull
	}
	t.names[name] = p
	p.names = append(p.names, name)
	return nil
}

// Unregister frees a name that p has.
func (t *Table) Unregister(name string, p *Process) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.names[name] != p {
		return
	}
	delete(t.names, name)
	for i, n := range p.names {
		if n == name {
			p.names = append(p.names[:i], p.names[i+1:]...)
			return
		}
	}
}

// Whereis finds a process by its name.
func (t *Table) Whereis(name string) (*Process, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p := t.names[name]; p != nil {
		return p, nil
	}
	return nil, ErrNoProcess
}

// GetOrSpawn finds a process by its name, or starts one that has it: of several
// who ask at the same time one starts it and all get it. make is called under
// the table's lock.
func (t *Table) GetOrSpawn(name string, make func() Spec, with func(s *Starting) error) (p *Process, started bool, err error) {
	t.mu.Lock()
	if p := t.names[name]; p != nil {
		t.mu.Unlock()
		return p, false, nil
	}
	s, err := t.spawn(make(), func(s *Starting) error {
		if err := s.Name(name); err != nil || with == nil {
			return err
		}
		return with(s)
	})
	t.mu.Unlock()
	if err != nil {
		return nil, false, err
	}
	return s.begin(), true, nil
}
