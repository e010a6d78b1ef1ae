package physics

import "fmt"

// jointCommand carries out CmdJoint, CmdUnjoint and CmdMotor.
func (w *World) jointCommand(c *Command) error {
	if c.Joint == nil {
		return fmt.Errorf("%w: command %d without a joint", ErrValue, c.Kind)
	}
	if c.Kind == CmdJoint {
		return w.addJoint(*c.Joint)
	}
	i, ok := w.index(c.Joint.ID)
	if !ok {
		return fmt.Errorf("%w: %d", ErrJoint, c.Joint.ID)
	}
	l := &w.links[i]
	if c.Kind == CmdMotor {
		return w.setMotor(l, c.Joint)
	}
	w.wakeEnds(l)
	w.drop(i)
	return nil
}

func (w *World) addJoint(j Joint) error {
	if err := w.checkJoint(&j); err != nil {
		return err
	}
	if _, taken := w.findName(j.ID); taken {
		return fmt.Errorf("%w: %d is taken", ErrJoint, j.ID)
	}
	if len(w.links) >= MaxJoints*w.cfg.MaxBodies {
		return ErrFull
	}
	l := link{Joint: j}
	w.wakeEnds(&l)
	w.insert(l)
	return nil
}

// checkJoint is check and that both ends are there and one can move.
func (w *World) checkJoint(j *Joint) error {
	if err := j.check(); err != nil {
		return err
	}
	moves := false
	for _, id := range [2]BodyID{j.A, j.B} {
		if id == Ground {
			continue
		}
		i, ok := w.find(id)
		if !ok {
			return fmt.Errorf("%w: %d", ErrID, id)
		}
		moves = moves || !w.solids[i].fixed()
	}
	if !moves {
		return fmt.Errorf("%w: joint %d", ErrStatic, j.ID)
	}
	return nil
}

// setMotor takes the spring and the motor of by, and of a motor joint the
// frame on A, which is its target.
func (w *World) setMotor(l *link, by *Joint) error {
	j := l.Joint
	j.Spring, j.Motor = by.Spring, by.Motor
	if j.Kind == MotorJoint {
		j.FrameA = by.FrameA
	}
	if err := j.check(); err != nil {
		return err
	}
	if j != l.Joint {
		l.Joint = j
		w.wakeEnds(l)
	}
	return nil
}

// unjoin drops the joints of a body that goes and wakes their other ends.
func (w *World) unjoin(id BodyID) {
	for i := len(w.links) - 1; i >= 0; i-- {
		if l := &w.links[i]; l.A == id || l.B == id {
			w.wakeEnds(l)
			w.drop(i)
		}
	}
}

func (w *World) wakeEnds(l *link) {
	for _, id := range [2]BodyID{l.A, l.B} {
		if i, ok := w.find(id); ok && !w.solids[i].fixed() {
			w.wake(&w.solids[i])
		}
	}
}

// wakeJoined wakes what hangs on a body that is about to change.
func (w *World) wakeJoined(id BodyID) {
	for i := range w.links {
		if l := &w.links[i]; l.A == id || l.B == id {
			w.wakeEnds(l)
		}
	}
}
