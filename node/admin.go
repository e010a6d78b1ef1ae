package node

import (
	"context"
	"crypto/ed25519"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/law"
	"github.com/metatopia/metatopia/node/p2p"
	"github.com/metatopia/metatopia/region"
	"github.com/metatopia/metatopia/region/succession"
)

// report asks a region how things stand.
func (w *worldState) report(ctx context.Context, id base.ID) (*law.Answer, *succession.Report, error) {
	a, err := w.askCourt(ctx, id, law.Ask{Kind: law.AskReport})
	if err != nil {
		return nil, nil, err
	}
	if a.Why != "" {
		return nil, nil, lawError(a.Why)
	}
	var r succession.Report
	if err := json.Unmarshal(a.Report, &r); err != nil {
		return nil, nil, control.Errorf(control.Corrupt, "", "the region's report: %w", err)
	}
	return a, &r, nil
}

func (b *backend) AdminStatus(ctx context.Context, req *control.AdminRequest) (*control.AdminStatus, error) {
	w, id, name, err := b.inRegion(req.Region)
	if err != nil {
		return nil, err
	}
	a, r, err := w.report(ctx, id)
	if err != nil {
		return nil, err
	}
	s := &control.AdminStatus{Region: name, ID: id.String(), Me: w.n.key.String(), Words: a.Words, Index: r.Index, Runs: seconds(r.Time),
		Admins: standings(r.Admins), Since: r.Since, Vacant: r.Vacant, Left: seconds(r.Left), Heirs: standings(r.Heirs),
		Banned: law.Texts(r.Bans), Servers: law.Texts(r.Servers), Settings: roleSettings(r.Settings)}
	s.May = r.Temp == w.n.key || slices.ContainsFunc(r.Admins, func(x succession.Standing) bool { return x.Player == w.n.key })
	if !r.Temp.IsZero() {
		s.Temp = r.Temp.String()
	}
	k, err := w.proof(id, a)
	switch {
	case err != nil:
		s.Warning = err.Error()
	case k.Last == nil:
		s.Warning = "there is no certificate yet"
	case k.Last.Since == r.Since && (k.Last.Temp != r.Temp || !sameAdmins(k.Last.Admins, r.Admins)):
		s.Warning = "the server's word and the certificate name different people"
	}
	if k != nil && k.Last != nil {
		s.Certificate = certificateOf(k)
	}
	return s, nil
}

func sameAdmins(keys []base.Key, list []succession.Standing) bool {
	return slices.EqualFunc(keys, list[:min(len(list), succession.MaxAdmins)], func(k base.Key, x succession.Standing) bool { return k == x.Player })
}

func certificateOf(k *law.Known) *control.AdminCertificate {
	c := &control.AdminCertificate{Index: k.Last.Head.Index, Since: k.Last.Since, Time: time.UnixMilli(k.Last.Wall).UTC().Format(time.RFC3339),
		Age: k.Age(time.Now()).Seconds(), Admins: law.Texts(k.Last.Admins), Servers: law.Texts(k.Last.Servers), Links: len(k.Chain)}
	if !k.Last.Temp.IsZero() {
		c.Temp = k.Last.Temp.String()
	}
	return c
}

func (b *backend) AdminProof(ctx context.Context, req *control.AdminRequest) (*control.AdminProof, error) {
	w, id, name, err := b.inRegion(req.Region)
	if err != nil {
		return nil, err
	}
	if a, err := w.askCourt(ctx, id, law.Ask{Kind: law.AskHead}); err == nil && a.Why == "" {
		if _, err := w.proof(id, a); err != nil {
			return nil, control.Errorf(control.Corrupt, "", "%s: %w", name, err)
		}
	} else if k, _ := w.shelf().Get(id); k == nil && err != nil {
		return nil, err // and nothing is known here
	}
	k, err := w.shelf().Get(id)
	if err != nil || k == nil {
		return nil, control.Errorf(control.NotFound, "", "nothing is known here of the roles of %s", name)
	}
	return &control.AdminProof{Region: name, Charter: k.Charter.Encode(), Chain: k.Chain.Bytes()}, nil
}

func (b *backend) AdminLog(ctx context.Context, req *control.AdminLogRequest) (*control.AdminLogResponse, error) {
	w, id, name, err := b.inRegion(req.Region)
	if err != nil {
		return nil, err
	}
	count := req.Count
	if count == 0 {
		count = 20
	}
	a, err := w.askCourt(ctx, id, law.Ask{Kind: law.AskLog, From: req.From, Count: uint32(count)})
	if err != nil {
		return nil, err
	}
	if a.Why != "" {
		return nil, lawError(a.Why)
	}
	out := &control.AdminLogResponse{Region: name, Index: a.Index, Entries: []control.AdminEntry{}}
	for i := range a.Entries {
		out.Entries = append(out.Entries, entryOf(&a.Entries[i]))
	}
	if n := len(a.Entries); n == count && a.Entries[n-1].Index > 1 {
		out.Next = a.Entries[n-1].Index - 1
	}
	return out, nil
}

var kindNames = [...]string{"?", "login", "presence", "beat", "ban", "unban", "appoint", "remove", "set", "resign", "opt", "rotate", "servers", "act"}

// entryOf puts an entry into words.
func entryOf(k *law.Kept) control.AdminEntry {
	e := control.AdminEntry{Index: k.Index, Runs: seconds(k.Time), Time: time.UnixMilli(k.Wall).UTC().Format(time.RFC3339), Kind: "?", Why: k.Why}
	x, err := succession.Parse(k.Entry)
	if err != nil {
		e.Text = "not an entry"
		return e
	}
	if int(x.Kind) < len(kindNames) {
		e.Kind = kindNames[x.Kind]
	}
	e.By = x.By.String()
	if !x.Player.IsZero() {
		e.Player = x.Player.String()
	}
	switch x.Kind {
	case succession.Login:
		e.Text = "through " + x.Server.Short()
		if x.Guest {
			e.Text += ", as a guest"
		}
	case succession.Set:
		e.Text = settingsText(x.Settings)
	case succession.Opt:
		e.Text = map[bool]string{true: "will not be temporary admin", false: "may be temporary admin again"}[x.Out]
	case succession.Members:
		short := make([]string, len(x.Servers))
		for i, s := range x.Servers {
			short[i] = s.Short()
		}
		e.Text = strings.Join(short, " ")
	case succession.Act:
		e.Text = actText(x.Body)
	}
	return e
}

func settingsText(s succession.Settings) string {
	t := fmt.Sprintf("vacant after %d days, active within %d", s.VacantDays, s.ActiveDays)
	if s.MinDays > 0 {
		t += fmt.Sprintf(", seen on %d days", s.MinDays)
	}
	if s.CountDowntime {
		t += ", counting downtime"
	}
	if s.TempMayNotBan {
		t += ", temporary admins do not ban"
	}
	for i, k := range s.Successors {
		if i == 0 {
			t += ", first"
		}
		t += " " + k.Short()
	}
	return t
}

// AdminAct signs something for a region and waits until it is logged.
func (b *backend) AdminAct(ctx context.Context, req *control.AdminActRequest) (*control.AdminActResponse, error) {
	w, id, name, err := b.inRegion(req.Region)
	if err != nil {
		return nil, err
	}
	x := succession.Entry{}
	var also func(*succession.Genesis, *succession.Entry)
	switch req.Do {
	case "ban", "unban", "appoint", "remove":
		x.Kind = map[string]succession.Kind{"ban": succession.Ban, "unban": succession.Unban, "appoint": succession.Appoint, "remove": succession.Remove}[req.Do]
		if x.Player, err = w.whoIs(ctx, id, req.Player); err != nil {
			return nil, err
		}
	case "set":
		x.Kind = succession.Set
		if x.Settings, err = w.changed(ctx, id, req.Settings); err != nil {
			return nil, err
		}
	case "resign":
		x.Kind = succession.Resign
	case "out", "in":
		x.Kind, x.Out = succession.Opt, req.Do == "out"
	case "rotate":
		if len(req.NewKey) != ed25519.SeedSize {
			return nil, control.Errorf(control.Invalid, "", "rotate: the new key is missing")
		}
		priv := ed25519.NewKeyFromSeed(req.NewKey)
		x.Kind = succession.Rotate
		copy(x.Player[:], priv.Public().(ed25519.PublicKey))
		also = func(g *succession.Genesis, x *succession.Entry) {
			copy(x.PlayerSig[:], ed25519.Sign(priv, g.SigningBytes(x)))
		}
	default:
		return nil, control.Errorf(control.Invalid, "", "no act is called %q", req.Do)
	}
	a, err := w.enact(ctx, id, x, also)
	if err != nil {
		return nil, err
	}
	out := &control.AdminActResponse{Region: name, Index: a.Index}
	if !x.Player.IsZero() {
		out.Player = x.Player.String()
	}
	if a, _, err := w.report(ctx, id); err == nil {
		out.Words = a.Words
	}
	return out, nil
}

// changed is the settings in force with what somebody wants to be different.
func (w *worldState) changed(ctx context.Context, id base.ID, c *control.AdminSettings) (succession.Settings, error) {
	_, r, err := w.report(ctx, id)
	if err != nil {
		return succession.Settings{}, err
	}
	s := r.Settings
	if c == nil {
		return s, control.Errorf(control.Invalid, "", "nothing is to change")
	}
	set(&s.VacantDays, c.VacantDays)
	set(&s.ActiveDays, c.ActiveDays)
	set(&s.MinDays, c.MinDays)
	set(&s.CountDowntime, c.CountDowntime)
	set(&s.TempMayNotBan, c.TempMayNotBan)
	if c.Successors != nil {
		s.Successors = nil
		for _, name := range *c.Successors {
			k, err := w.whoIs(ctx, id, name)
			if err != nil {
				return s, err
			}
			s.Successors = append(s.Successors, k)
		}
	}
	return s, nil
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// whoIs finds somebody's key: written out, as a peer id, by its first digits if
// the region knows only one such, or by the name of somebody near.
func (w *worldState) whoIs(ctx context.Context, id base.ID, name string) (base.Key, error) {
	if k, err := base.ParseKey(name); err == nil {
		return k, nil
	}
	if k, err := p2p.KeyOfPeer(name); err == nil {
		return k, nil
	}
	var found []base.Key
	add := func(k base.Key) {
		if !k.IsZero() && !slices.Contains(found, k) {
			found = append(found, k)
		}
	}
	for _, k := range w.player.view.called(name) {
		add(k)
	}
	if _, err := hex.DecodeString(name + name); err == nil && len(name) >= 4 {
		if _, r, err := w.report(ctx, id); err == nil {
			for _, x := range slices.Concat(r.Admins, r.Heirs) {
				if strings.HasPrefix(x.Player.String(), name) {
					add(x.Player)
				}
			}
			for _, k := range slices.Concat(r.Bans, []base.Key{w.n.key}) {
				if strings.HasPrefix(k.String(), name) {
					add(k)
				}
			}
		}
	}
	const hint = "give the whole key: `metatopia neighbours --json` and `metatopia admin log --json` show keys"
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return base.Key{}, control.Errorf(control.NotFound, hint, "nobody here is called %q", name)
	}
	return base.Key{}, control.Errorf(control.Conflict, hint, "%d people are called %q", len(found), name)
}

// called are the keys of the people in sight with a name.
func (v *view) called(name string) (keys []base.Key) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, s := range v.things { //lint:sorted below
		if s.e.Name == name && !s.e.Player.IsZero() {
			keys = append(keys, s.e.Player)
		}
	}
	slices.SortFunc(keys, base.Key.Compare)
	return keys
}

func seconds(ms int64) float64 { return float64(ms) / 1000 }

func standings(list []succession.Standing) []control.AdminStanding {
	out := make([]control.AdminStanding, len(list))
	for i, x := range list {
		out[i] = control.AdminStanding{Key: x.Player.String(), Joined: x.Joined, Since: x.Since, Away: seconds(x.Away), Days: x.Days}
	}
	return out
}

func roleSettings(s succession.Settings) control.AdminSettings {
	keys := law.Texts(s.Successors)
	return control.AdminSettings{VacantDays: &s.VacantDays, ActiveDays: &s.ActiveDays, MinDays: &s.MinDays, CountDowntime: &s.CountDowntime, TempMayNotBan: &s.TempMayNotBan, Successors: &keys}
}

var actNames = map[region.ControlKind]string{region.ControlCreate: "make a thing", region.ControlRemove: "remove a thing", region.ControlSet: "set a slot",
	region.ControlRules: "set the rules", region.ControlTie: "tie things", region.ControlUntie: "untie things"}

// actText says what somebody asked of a region.
func actText(body []byte) string {
	c, err := region.ParseControl(body)
	if err != nil {
		return "something that is not known here"
	}
	switch t := actNames[c.Kind]; {
	case t == "":
		return fmt.Sprintf("control %d", c.Kind)
	case c.Kind == region.ControlRules:
		return fmt.Sprintf("%s to %d", t, c.Rules)
	case c.Kind == region.ControlSet:
		return fmt.Sprintf("%s %q of %s", t, c.Slot.Name, c.ID)
	case !c.ID.IsZero():
		return fmt.Sprintf("%s: %s", t, c.ID)
	default:
		return t
	}
}
