package witness

import (
	"errors"
	"fmt"
	"slices"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/agree"
)

// Take takes a message of another server.
func (w *Witness) Take(from base.Key, msg []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	err := w.take(from, msg)
	// A vote that comes too late or too early is nobody's fault.
	if err != nil && !errors.Is(err, agree.ErrWindow) {
		w.cfg.OnEvent(EventBad, 1)
	}
	return err
}

func (w *Witness) take(from base.Key, msg []byte) error {
	if len(msg) > MaxMessage || !w.member(from) {
		return fmt.Errorf("witness: %d bytes of %s: %w", len(msg), from.Short(), errMessage)
	}
	m, err := parseMessage(msg)
	if err != nil {
		return err
	}
	switch {
	case m.Vote != nil:
		err = w.core.Vote(*m.Vote)
	case m.Charge != nil:
		err = w.charge(m.Charge)
	default:
		err = w.core.Certificate(m.Certificate)
	}
	w.react()
	return err
}

func (w *Witness) member(k base.Key) bool {
	return slices.Contains(w.members.Voters, k) || slices.Contains(w.members.Others, k)
}

// Answer answers another server's question.
func (w *Witness) Answer(from base.Key, q []byte) ([]byte, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	x, err := parseQuestion(q)
	if err == nil && (!w.member(from) || w.questions >= maxQuestions) {
		err = fmt.Errorf("witness: question of %s: %w", from.Short(), errMessage)
	}
	if err != nil {
		w.cfg.OnEvent(EventBad, 1)
		return nil, err
	}
	w.questions++
	a := answer{Kind: x.Kind}
	switch x.Kind {
	case kindHashes:
		for i := range base.Tick(x.Count) {
			h := w.hashes[(x.Tick+i)%keepHashes]
			if h.tick != x.Tick+i {
				break
			}
			a.Hashes = append(a.Hashes, h.hash)
		}
		a.Known = len(a.Hashes) == int(x.Count)
	case kindCuts:
		for i := range base.Tick(x.Count) {
			if c := &w.cuts[(x.Tick+i)%keepHashes]; c.Tick == x.Tick+i && c.Tick > 0 {
				a.Cuts = append(a.Cuts, *c)
			}
		}
		a.Known = len(a.Cuts) > 0
	case kindParts:
		if p := w.point(x.Tick); p != nil {
			a.Known, a.Buckets = true, buckets(within(p.parts, x.Lo, x.Hi))
		}
	}
	return a.bytes(), nil
}

func (w *Witness) point(tick base.Tick) *point {
	for i := range w.points {
		if w.points[i].tick == tick {
			return &w.points[i]
		}
	}
	return nil
}

func (w *Witness) hash(tick base.Tick) (region.Hash, bool) {
	h := w.hashes[tick%keepHashes]
	return h.hash, h.tick == tick
}
