package server

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/metatopia/metatopia/region"
)

// tellModules says in the log which of the modules that the region wants this
// server has: each server speaks for itself, and when most have one it runs. What
// is lost on the way is said again, for the state shows what it lacks.
func (s *Server) tellModules() {
	if s.last.tick%10 != 0 {
		return
	}
	s.forgetOutcomes(2 * region.MaxModules)
	if s.sim.Law() == nil { // there are no servers whose words count
		s.speakForAll()
		return
	}
	if s.cfg.Sign == nil {
		return
	}
	for _, w := range s.sim.Words(s.cfg.Self) {
		why, known := s.outcome(w.Module)
		switch {
		case !known:
		case why == "" && (!w.Said || w.Why != ""), why != "" && !w.Broken && (!w.Said || w.Why == ""):
			s.say1(w.Module, region.ControlEntry{Kind: region.ControlHave, Module: w.Module, Since: w.Since, Text: why})
		case why != "" && (!w.Broken || w.Had):
			s.lookAgain(w.Module)
		}
	}
}

// outcome tells what came of looking for a module: "" that it is here.
func (s *Server) outcome(module string) (why string, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	why, known = s.group.results[module]
	return why, known
}

// forgetOutcomes keeps what came of the modules that the region still lacks, when more
// than so many outcomes are known. Nobody would look for one of those again.
func (s *Server) forgetOutcomes(most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.group.results) <= most {
		return
	}
	lacks := append(s.sim.Wanted(), s.sim.Broken()...)
	maps.DeleteFunc(s.group.results, func(m, _ string) bool { return !slices.Contains(lacks, m) })
}

// lookAgain looks after a while for a module that the servers have not settled, or
// have given up though one of them has it: another may have got it since.
func (s *Server) lookAgain(module string) {
	at, ok := s.group.tried[module]
	if len(s.group.tried) > 2*region.MaxModules {
		clear(s.group.tried)
	}
	if ok && s.last.tick < at+lackTicks {
		return
	}
	if s.group.tried[module] = s.last.tick; ok {
		s.load(module)
	}
}

// speakForAll has the leader say what came of the modules.
func (s *Server) speakForAll() {
	if !s.agreed.Leading() {
		return
	}
	say := func(names []string, broken bool) {
		for _, m := range names {
			if why, known := s.outcome(m); known && (why == "" || !broken) {
				s.say1(m, region.ControlEntry{Kind: region.ControlModule, Module: m, Text: why})
			}
		}
	}
	say(s.sim.Wanted(), false)
	say(s.sim.Broken(), true)
}

// fetch makes a module ready that most servers have. It waits, but not for ever:
// the region goes on meanwhile, without this server.
func (s *Server) fetch(module string) (err error) {
	if s.cfg.Load == nil {
		return nil
	}
	got := make(chan error, 1)
	s.loads.Go(func() { got <- s.cfg.Load(module) })
	select {
	case err = <-got:
	case <-s.cfg.Clock.After(fetchWait):
		err = errors.New("it took too long")
	case <-s.quit:
		return ErrClosed
	}
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrLacking, module, err)
	}
	return nil
}
