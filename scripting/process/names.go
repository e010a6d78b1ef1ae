package process

// Names are capabilities by name, for processes that share the space: who is in
// another one cannot ask. A name goes when its process ends.
type Names struct {
	t    *Table
	most int
	by   map[string]named // under t.mu
}

type named struct {
	cap *Cap
	by  *Process // who registered it; nil for the node
}

// nameIn is one name of a process.
type nameIn struct {
	in   *Names
	name string
}

// NewNames makes an empty space for at most most names.
func (t *Table) NewNames(most int) *Names { return &Names{t: t, most: most} }

// Register files a capability under a name. by is who does, nil for the node.
// Errors: ErrTaken, ErrFull, ErrTooLarge (also for an empty name),
// ErrNoProcess.
func (n *Names) Register(name string, c *Cap, by *Process) error {
	n.t.mu.Lock()
	defer n.t.mu.Unlock()
	return n.register(name, c, by)
}

func (n *Names) register(name string, c *Cap, by *Process) error {
	_, taken := n.by[name]
	switch {
	case c.to.over:
		return ErrNoProcess
	case taken:
		return ErrTaken
	case name == "" || len(name) > MaxName:
		return ErrTooLarge
	case len(n.by) >= n.most:
		return ErrFull
	}
	if n.by == nil {
		n.by = map[string]named{}
	}
	n.by[name] = named{c, by}
	c.to.names = append(c.to.names, nameIn{n, name})
	return nil
}

// Unregister frees a name. Only the process that has it and the one that
// registered it may (ErrDenied); by is nil for the node. ErrNoProcess when
// nobody has the name.
func (n *Names) Unregister(name string, by *Process) error {
	n.t.mu.Lock()
	defer n.t.mu.Unlock()
	e, ok := n.by[name]
	switch {
	case !ok:
		return ErrNoProcess
	case by != nil && by != e.by && by != e.cap.to:
		return ErrDenied
	}
	delete(n.by, name)
	of := e.cap.to.names
	for i, at := range of {
		if at == (nameIn{n, name}) {
			e.cap.to.names = append(of[:i], of[i+1:]...)
			break
		}
	}
	return nil
}

// Whereis gives the capability that has a name.
func (n *Names) Whereis(name string) (*Cap, error) {
	n.t.mu.Lock()
	defer n.t.mu.Unlock()
	if e, ok := n.by[name]; ok {
		return e.cap, nil
	}
	return nil, ErrNoProcess
}

// GetOrSpawn finds a capability by its name, or starts a process that has it,
// for which others will find the rights given: of several who ask at the same
// time one starts it and all get it. p is nil unless it was started. make is
// called under the table's lock.
func (n *Names) GetOrSpawn(name string, rights Rights, by *Process, make func() (Spec, error), with func(s *Starting) error) (c *Cap, p *Process, err error) {
	t := n.t
	t.mu.Lock()
	if e, ok := n.by[name]; ok {
		t.mu.Unlock()
		return e.cap, nil, nil
	}
	spec, err := make()
	if err != nil {
		t.mu.Unlock()
		return nil, nil, err
	}
	s, err := t.spawn(spec, func(s *Starting) error {
		if err := s.Name(n, name, rights, by); err != nil || with == nil {
			return err
		}
		return with(s)
	})
	t.mu.Unlock()
	if err != nil {
		return nil, nil, err
	}
	p = s.begin()
	return &p.self, p, nil
}
