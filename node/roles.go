package node

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/law"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/succession"
)

const (
	// visitBeat is how often this node looks whether it has to log in somewhere,
	// visitRetry how soon it tries again, visitEvery how often it looks at the
	// certificates of the region that it is in.
	visitBeat  = 500 * time.Millisecond
	visitRetry = 5 * time.Second
	visitEvery = 10 * time.Minute
)

// savedRoles is what a region's founder has chosen for its roles, in region.json.
type savedRoles struct {
	VacantDays    uint32     `json:"vacantDays,omitempty"`
	ActiveDays    uint32     `json:"activeDays,omitempty"`
	CountDowntime bool       `json:"countDowntime,omitempty"`
	TempMayNotBan bool       `json:"tempMayNotBan,omitempty"`
	MinDays       uint32     `json:"minDays,omitempty"`
	Successors    []base.Key `json:"successors,omitempty"`
}

// settings fills in what the founder left open.
func (r *savedRoles) settings() succession.Settings {
	s := succession.DefaultSettings
	if r == nil {
		return s
	}
	if r.VacantDays > 0 {
		s.VacantDays = r.VacantDays
	}
	if r.ActiveDays > 0 {
		s.ActiveDays = r.ActiveDays
	}
	s.CountDowntime, s.TempMayNotBan, s.MinDays, s.Successors = r.CountDowntime, r.TempMayNotBan, r.MinDays, r.Successors
	return s
}

// rolesOf reads what a founder asks for.
func rolesOf(c *control.AdminSettings) (*savedRoles, error) {
	if c == nil {
		return nil, nil
	}
	r := &savedRoles{}
	set(&r.VacantDays, c.VacantDays)
	set(&r.ActiveDays, c.ActiveDays)
	set(&r.MinDays, c.MinDays)
	set(&r.CountDowntime, c.CountDowntime)
	set(&r.TempMayNotBan, c.TempMayNotBan)
	if c.Successors != nil {
		for _, text := range *c.Successors {
			k, err := base.ParseKey(text)
			if err != nil {
				return nil, control.Errorf(control.Invalid, "", "successor %q: %w", text, err)
			}
			r.Successors = append(r.Successors, k)
		}
	}
	s := r.settings()
	if err := s.Check(); err != nil {
		return nil, control.Errorf(control.Invalid, "days are 1 to 3660", "%w", err)
	}
	return r, nil
}

// shelf is what this node knows of the roles of all regions.
func (w *worldState) shelf() *law.Shelf {
	return &law.Shelf{Dir: w.n.home.path("law"), Verify: law.VerifyKey, Write: func(file string, b []byte) error {
		return w.n.home.write(file, b)
	}}
}

// proof checks what a server shows of a region, and keeps it.
func (w *worldState) proof(id base.ID, a *law.Answer) (*law.Known, error) {
	w.n.shelving.Lock()
	defer w.n.shelving.Unlock()
	k, err := w.shelf().Take(id, a.Charter, a.Chain)
	if err != nil {
		w.n.log.Warn("a region's certificates are not taken", "region", id, "err", err)
	}
	return k, err
}

// enact signs an entry of a region's roles and has it logged. The log is the one
// that the region's charter begins; an entry names the head that the server has
// just shown.
func (w *worldState) enact(ctx context.Context, id base.ID, x succession.Entry, also func(g *succession.Genesis, x *succession.Entry)) (*law.Answer, error) {
	for try := 1; ; try++ {
		head, err := w.askCourt(ctx, id, law.Ask{Kind: law.AskHead})
		if err != nil {
			return nil, err
		}
		if head.Why != "" {
			return nil, lawError(head.Why)
		}
		known, err := w.proof(id, head)
		if known == nil || errors.Is(err, law.ErrForks) {
			return nil, control.Errorf(control.Corrupt, "", "roles of the region: %w", err)
		}
		if x.Kind == succession.Login && !head.Due {
			return head, nil
		}
		g := known.Signing()
		x.By, x.Counter, x.Head = w.n.key, w.n.lawCounter.next(head.Counter), succession.Head{Index: head.Index, Sum: head.Sum}
		if x.Kind == succession.Login {
			x.Server, x.Guest = head.Server, head.Guest
		}
		if also != nil {
			also(&g, &x)
		}
		g.Sign(&x, w.n.sign)
		a, err := w.askCourt(ctx, id, law.Ask{Kind: law.AskEntry, Entry: x.Bytes()})
		if err != nil {
			return nil, err
		}
		switch {
		case a.Why == "":
			return a, nil
		case try < 3 && strings.Contains(a.Why, succession.ErrReplay.Error()):
			continue // another entry of this node came before it
		}
		return a, lawError(a.Why)
	}
}

// lawError gives a refusal its code and a hint.
func lawError(why string) error {
	code, hint := control.Conflict, ""
	for _, x := range []struct {
		err  error
		code control.Code
		hint string
	}{
		{succession.ErrRight, control.Denied, "`metatopia admin status` says who may"},
		{succession.ErrSenior, control.Denied, "only who was appointed earlier may, or they themselves"},
		{succession.ErrBanned, control.Denied, ""},
		{succession.ErrPlayer, control.NotFound, "`metatopia admin status` names the people that the region knows"},
		{succession.ErrValue, control.Invalid, "days are 1 to 3660"},
		{succession.ErrQuorum, control.Unavailable, "more than half of the region's servers must run"},
		{succession.ErrEpoch, control.Conflict, "the owner has begun the region's log anew; try again in a moment"},
		{succession.ErrSignature, control.Denied, ""},
		{succession.ErrGuest, control.Denied, ""},
	} {
		if strings.Contains(why, x.err.Error()) {
			code, hint = x.code, x.hint
			break
		}
	}
	return control.Errorf(code, hint, "the region refused: %s", why)
}

// visit is when this node last told a region that its player is there.
type visit struct {
	at time.Time
	ok bool
}

// visits logs in wherever the avatar comes, and keeps the certificates of the
// region it is in.
func (w *worldState) visits(ctx context.Context) {
	done := map[base.ID]visit{}
	t := time.NewTicker(visitBeat)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		w.player.mu.Lock()
		id := w.player.owner
		w.player.mu.Unlock()
		last, again := done[id], visitRetry
		if last.ok {
			again = visitEvery
		}
		if id.IsZero() || time.Since(last.at) < again {
			continue
		}
		_, err := w.enact(ctx, id, succession.Entry{Kind: succession.Login}, nil)
		if err != nil && ctx.Err() == nil {
			w.n.log.Debug("login is not logged", "region", id, "err", err)
		}
		if len(done) > 1024 {
			clear(done)
		}
		done[id] = visit{time.Now(), err == nil}
	}
}

// inRegion is the world of the node, and a region of it as theRegion finds it.
func (b *backend) inRegion(name string) (w *worldState, id base.ID, found string, err error) {
	if w, err = b.inWorld(); err != nil {
		return nil, id, "", err
	}
	id, found, err = w.theRegion(name)
	return w, id, found, err
}

// theRegion finds a region by name or id; "" is the one that the avatar is in,
// or the only one served here.
func (w *worldState) theRegion(name string) (base.ID, string, error) {
	if name == "" {
		w.player.mu.Lock()
		id := w.player.owner
		w.player.mu.Unlock()
		if rec := w.player.record(id); rec != nil {
			return id, rec.Name, nil
		}
		s, err := w.ownRegion("")
		if err != nil {
			return base.ID{}, "", control.Errorf(control.NotFound, "name a region; see `metatopia region status`", "the avatar is in no region, and not exactly one is served here")
		}
		return s.id, s.rec.Name, nil
	}
	var id base.ID
	found, n := "", 0
	for _, r := range w.records() {
		if r.Name == name || r.Region().String() == name {
			id, found = r.Region(), r.Name
			n++
		}
	}
	switch n {
	case 1:
		return id, found, nil
	case 0:
		return id, "", control.Errorf(control.NotFound, "see `metatopia region status`", "no region %q is known here", name)
	}
	return id, "", control.Errorf(control.NotFound, "name it by its id: `metatopia region status --json`", "%d regions are called %q", n, name)
}

// act asks a region for something that takes a right.
func (w *worldState) act(ctx context.Context, id base.ID, c region.ControlEntry) (*law.Answer, error) {
	var e base.Encoder
	c.AppendTo(&e)
	return w.enact(ctx, id, succession.Entry{Kind: succession.Act, Body: e.B}, nil)
}
