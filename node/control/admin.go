package control

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// AdminRequest names a region by name or id; "" is the one that my avatar is
// in, or the only one served here.
type AdminRequest struct {
	Region string `json:"region,omitempty"`
}

// AdminSettings says how a region's admins are succeeded (region/succession).
// Nil leaves what is in force.
type AdminSettings struct {
	VacantDays    *uint32   `json:"vacantDays,omitempty"`
	ActiveDays    *uint32   `json:"activeDays,omitempty"`
	MinDays       *uint32   `json:"minDays,omitempty"`
	CountDowntime *bool     `json:"countDowntime,omitempty"`
	TempMayNotBan *bool     `json:"tempMayNotBan,omitempty"`
	Successors    *[]string `json:"successors,omitempty"` // keys, in order
}

// AdminStanding is what a region knows of one person. Times are its own.
type AdminStanding struct {
	Key    string  `json:"key"`
	Joined uint64  `json:"joined,omitempty"` // entry of the first login
	Since  uint64  `json:"since,omitempty"`  // entry of the appointment; 0: the founder
	Away   float64 `json:"away"`             // seconds since it was last seen
	Days   uint32  `json:"days"`             // on which it was seen
}

// AdminCertificate is what a region's servers have signed, checked by my node
// from the region's charter on.
type AdminCertificate struct {
	Index   uint64   `json:"index"` // entry after which it holds
	Since   uint64   `json:"since"` // since which the roles are so
	Time    string   `json:"time"`  // RFC 3339, by the servers' clocks
	Age     float64  `json:"age"`   // seconds
	Admins  []string `json:"admins"`
	Temp    string   `json:"temp,omitempty"`
	Servers []string `json:"servers"`
	Links   int      `json:"links"` // certificates in the chain
}

// AdminStatus says who administers a region and why. What a server says beyond
// the certificate is its word alone.
type AdminStatus struct {
	Region      string            `json:"region"`
	ID          string            `json:"id"`
	Me          string            `json:"me"`
	May         bool              `json:"may"` // I have an admin's rights
	Words       []string          `json:"words"`
	Index       uint64            `json:"index"`
	Runs        float64           `json:"runs"` // seconds that the region has run
	Admins      []AdminStanding   `json:"admins"`
	Temp        string            `json:"temp,omitempty"`
	Since       uint64            `json:"since"`
	Vacant      bool              `json:"vacant"`
	Left        float64           `json:"left"` // seconds until it is vacant if no admin comes
	Heirs       []AdminStanding   `json:"heirs"`
	Banned      []string          `json:"banned"`
	Servers     []string          `json:"servers"`
	Settings    AdminSettings     `json:"settings"`
	Certificate *AdminCertificate `json:"certificate,omitempty"`
	Warning     string            `json:"warning,omitempty"` // the certificate says something else, or cannot be taken
}

// Text is how things stand in words, for the command line and telnet. Lines
// of a server are as it has sent them: clean them before they are shown.
func (s *AdminStatus) Text() []string {
	out := slices.Clone(s.Words)
	if s.May {
		out = append(out, "I have an admin's rights here.")
	}
	switch c := s.Certificate; {
	case c == nil:
		out = append(out, "Not proven: no certificate.")
	case c.Since == s.Since:
		out = append(out, fmt.Sprintf("Signed by the servers at entry %d, %s ago.", c.Index, textSeconds(c.Age)))
	default:
		out = append(out, fmt.Sprintf("The newest certificate is of entry %d, %s ago: what came later is one server's word.", c.Index, textSeconds(c.Age)))
	}
	if s.Warning != "" {
		out = append(out, "Warning: "+s.Warning+".")
	}
	return out
}

func textSeconds(s float64) string {
	return time.Duration(s * float64(time.Second)).Round(time.Second).String()
}

// AdminActRequest is something that an admin, or a player, signs.
type AdminActRequest struct {
	Region   string         `json:"region,omitempty"`
	Do       string         `json:"do"`               // appoint, remove, ban, unban, set, resign, out, in, rotate
	Player   string         `json:"player,omitempty"` // key, peer id, first digits of a known key, or name of somebody near
	Settings *AdminSettings `json:"settings,omitempty"`
	NewKey   []byte         `json:"newKey,omitempty"` // of rotate: the seed of the new key
}

// AdminActResponse says where it is in the log.
type AdminActResponse struct {
	Region string   `json:"region"`
	Index  uint64   `json:"index"`
	Player string   `json:"player,omitempty"`
	Words  []string `json:"words"` // how things stand now
}

// AdminLogRequest asks for a page of the audit trail.
type AdminLogRequest struct {
	Region string `json:"region,omitempty"`
	From   uint64 `json:"from,omitempty"`  // this entry and older; 0: the newest
	Count  int    `json:"count,omitempty"` // at most MaxAdminLog; 0: 20
}

// MaxAdminLog bounds a page.
const MaxAdminLog = 64

// AdminLogResponse is a page, the newest first.
type AdminLogResponse struct {
	Region  string       `json:"region"`
	Index   uint64       `json:"index"` // the newest entry of the log
	Entries []AdminEntry `json:"entries"`
	Next    uint64       `json:"next,omitempty"` // from of the next page
}

// AdminEntry is one entry: who did what when, and whether it counted.
type AdminEntry struct {
	Index  uint64  `json:"index"`
	Runs   float64 `json:"runs"` // seconds that the region had run
	Time   string  `json:"time"` // RFC 3339, by the last beat before
	By     string  `json:"by,omitempty"`
	Kind   string  `json:"kind"`
	Player string  `json:"player,omitempty"`
	Text   string  `json:"text,omitempty"` // what else there is to say
	Why    string  `json:"why,omitempty"`  // it had no effect
}

// AdminProof is what anybody can check offline who administers a region with.
type AdminProof struct {
	Region  string `json:"region"`
	Charter []byte `json:"charter"`
	Chain   []byte `json:"chain"`
}

type admins interface {
	AdminStatus(ctx context.Context, req *AdminRequest) (*AdminStatus, error)
	AdminLog(ctx context.Context, req *AdminLogRequest) (*AdminLogResponse, error)
	AdminProof(ctx context.Context, req *AdminRequest) (*AdminProof, error)
	// On the browser side AdminAct does what forPage says.
	AdminAct(ctx context.Context, req *AdminActRequest) (*AdminActResponse, error)
}

func adminAPI(a *api, b admins, web bool) {
	unary(a, "AdminStatus", MaxRequestBytes, b.AdminStatus)
	unary(a, "AdminLog", MaxRequestBytes, b.AdminLog)
	unary(a, "AdminProof", MaxRequestBytes, b.AdminProof)
	act := b.AdminAct
	if web {
		act = func(ctx context.Context, r *AdminActRequest) (*AdminActResponse, error) {
			if !r.forPage() {
				return nil, Errorf(Denied, "`metatopia admin` does", "the page does not do that: %q", r.Do)
			}
			return b.AdminAct(ctx, r)
		}
	}
	unary(a, "AdminAct", MaxRequestBytes, act)
}

func (c *Client) AdminStatus(ctx context.Context, req *AdminRequest) (*AdminStatus, error) {
	return call[AdminRequest, AdminStatus](ctx, c, "AdminStatus", req)
}

func (c *Client) AdminLog(ctx context.Context, req *AdminLogRequest) (*AdminLogResponse, error) {
	return call[AdminLogRequest, AdminLogResponse](ctx, c, "AdminLog", req)
}

func (c *Client) AdminProof(ctx context.Context, req *AdminRequest) (*AdminProof, error) {
	return call[AdminRequest, AdminProof](ctx, c, "AdminProof", req)
}

func (c *Client) AdminAct(ctx context.Context, req *AdminActRequest) (*AdminActResponse, error) {
	return call[AdminActRequest, AdminActResponse](ctx, c, "AdminAct", req)
}

func (r *AdminRequest) check() error { return text("region", r.Region, 0, MaxNameBytes) }

func (r *AdminLogRequest) check() error {
	if r.Count < 0 || r.Count > MaxAdminLog {
		return fmt.Errorf("count is %d, bounds are 1 to %d", r.Count, MaxAdminLog)
	}
	return text("region", r.Region, 0, MaxNameBytes)
}

func (r *AdminActRequest) check() error {
	if len(r.NewKey) != 0 && len(r.NewKey) != 32 {
		return fmt.Errorf("a key's seed has 32 bytes, not %d", len(r.NewKey))
	}
	return first(text("region", r.Region, 0, MaxNameBytes), opaque("do", r.Do, 1, 16), text("player", r.Player, 0, MaxIDBytes), r.Settings.check())
}

func (s *AdminSettings) check() error {
	if s == nil || s.Successors == nil {
		return nil
	}
	if len(*s.Successors) > 16 {
		return fmt.Errorf("%d successors, at most 16", len(*s.Successors))
	}
	for _, k := range *s.Successors {
		if err := text("successor", k, 1, MaxIDBytes); err != nil {
			return err
		}
	}
	return nil
}
