package control

import (
	"context"
	"fmt"
	"slices"
)

// MaxPasswordBytes bounds a region's password.
const MaxPasswordBytes = 1024

// RegionPasswordRequest sets, clears or shows a region's password. It never
// travels further than to my own node.
type RegionPasswordRequest struct {
	Region   string `json:"region,omitempty"`
	Do       string `json:"do,omitempty"` // set, clear, enter; "" only asks
	Password []byte `json:"password,omitempty"`
}

// RegionPasswordResponse says how things stand.
type RegionPasswordResponse struct {
	Region string `json:"region"`
	Locked bool   `json:"locked"`        // there is a password
	Enter  bool   `json:"enter"`         // I may come in
	Why    string `json:"why,omitempty"` // why not
	Tick   uint64 `json:"tick"`
	// Left is how many servers have left since the password was set, with its keys:
	// it is to be set again. Only admins are told.
	Left int `json:"left,omitempty"`
	// Role is mine in the region, and May what I may do there.
	Role string   `json:"role,omitempty"`
	May  []string `json:"may,omitempty"`
}

// AccessActRequest is a command to a region that my key signs.
type AccessActRequest struct {
	Region   string          `json:"region,omitempty"`
	Do       string          `json:"do"`               // kick, mute, unmute, role, invite, ban-branch, unban-branch, list, unlist, settings
	Player   string          `json:"player,omitempty"` // key, peer id, first digits of a known key, or name of somebody near
	Role     string          `json:"role,omitempty"`   // of role and invite
	Seconds  float64         `json:"seconds,omitempty"`
	Reason   string          `json:"reason,omitempty"`
	Settings *AccessSettings `json:"settings,omitempty"`
}

// AccessSettings are what roles may do; nil leaves what is in force.
type AccessSettings struct {
	Default   *string             `json:"default,omitempty"`
	Whitelist *bool               `json:"whitelist,omitempty"`
	May       map[string][]string `json:"may,omitempty"` // by role
}

// AccessActResponse says at which tick it counted.
type AccessActResponse struct {
	Region string `json:"region"`
	Tick   uint64 `json:"tick"`
	Player string `json:"player,omitempty"`
}

// AccessReport is who may do what in a region, and the commands that made it
// so. It is for those who may send others out, mute or ban.
type AccessReport struct {
	Region   string         `json:"region"`
	Tick     uint64         `json:"tick"`
	Settings AccessSettings `json:"settings"`
	Tries    uint64         `json:"tries"`  // of the password
	Logins   uint64         `json:"logins"` // that were right
	Members  []AccessMember `json:"members"`
	Audit    []AccessLine   `json:"audit"` // the newest last
}

// AccessMember is somebody about whom something was said.
type AccessMember struct {
	Key     string  `json:"key"`
	Role    string  `json:"role,omitempty"`
	Listed  bool    `json:"listed,omitempty"`
	Inviter string  `json:"inviter,omitempty"`
	Muted   bool    `json:"muted,omitempty"`
	Seconds float64 `json:"seconds,omitempty"` // the mute goes on for; 0: until unmuted
	Pruned  bool    `json:"pruned,omitempty"`  // banned with all invited
}

// AccessLine is one command that counted.
type AccessLine struct {
	Tick   uint64  `json:"tick"`
	Ago    float64 `json:"ago"` // seconds of the region's time
	Kind   string  `json:"kind"`
	By     string  `json:"by"`
	Player string  `json:"player,omitempty"`
	Text   string  `json:"text,omitempty"`
}

// BlockRequest hides somebody from all my screens, or shows them again.
type BlockRequest struct {
	Player string `json:"player"`           // key, peer id, first digits, or name of somebody near or blocked
	Things bool   `json:"things,omitempty"` // and what they own
}

// Block is somebody whom I do not want to meet.
type Block struct {
	Key    string `json:"key"`
	Peer   string `json:"peer"`
	Name   string `json:"name,omitempty"` // as it was called then
	Things bool   `json:"things,omitempty"`
	Since  string `json:"since"` // RFC 3339
}

// BlocksResponse lists them.
type BlocksResponse struct {
	Blocks []Block `json:"blocks"`
}

type gates interface {
	RegionPassword(ctx context.Context, req *RegionPasswordRequest) (*RegionPasswordResponse, error)
	// On the browser side AccessAct does what forPage says, and RegionPassword
	// sets none.
	AccessAct(ctx context.Context, req *AccessActRequest) (*AccessActResponse, error)
	AccessReport(ctx context.Context, req *AdminRequest) (*AccessReport, error)
	Block(ctx context.Context, req *BlockRequest) (*BlocksResponse, error)
	Unblock(ctx context.Context, req *BlockRequest) (*BlocksResponse, error)
	Blocks(ctx context.Context) (*BlocksResponse, error)
}

// What the page may do as an admin: what stands in a trail under the admin's key and
// whose effect can be taken back. A page that was taken over must not change who
// administers a region, nor what roles may do (decision 0044).
var (
	pageActs      = []string{"kick", "mute", "unmute", "role", "invite", "list", "unlist"}
	pageAdminActs = []string{"ban", "unban"}
)

// forPage reports whether the page may do it. Of the settings that is the whitelist.
func (r *AccessActRequest) forPage() bool {
	if r.Do == "settings" {
		return r.Settings != nil && r.Settings.Whitelist != nil && r.Settings.Default == nil && len(r.Settings.May) == 0
	}
	return slices.Contains(pageActs, r.Do)
}

// forPage reports whether the page may do it. Of the settings that is all but who
// comes first when there is no admin.
func (r *AdminActRequest) forPage() bool {
	if r.Do == "set" {
		return r.Settings != nil && r.Settings.Successors == nil
	}
	return slices.Contains(pageAdminActs, r.Do)
}

func gateAPI(a *api, b gates, web bool) {
	if web { // a page may show a password, not set one
		unary(a, "RegionPassword", MaxRequestBytes, func(ctx context.Context, r *RegionPasswordRequest) (*RegionPasswordResponse, error) {
			if r.Do != "" && r.Do != "enter" {
				return nil, Errorf(Denied, "`metatopia region password` does", "the page sets no password")
			}
			return b.RegionPassword(ctx, r)
		})
		unary(a, "AccessAct", MaxRequestBytes, func(ctx context.Context, r *AccessActRequest) (*AccessActResponse, error) {
			if !r.forPage() {
				return nil, Errorf(Denied, "`metatopia admin` does, and telnet", "the page does not do that: %q", r.Do)
			}
			return b.AccessAct(ctx, r)
		})
	} else {
		unary(a, "RegionPassword", MaxRequestBytes, b.RegionPassword)
		unary(a, "AccessAct", MaxRequestBytes, b.AccessAct)
	}
	unary(a, "AccessReport", MaxRequestBytes, b.AccessReport)
	unary(a, "Block", MaxRequestBytes, b.Block)
	unary(a, "Unblock", MaxRequestBytes, b.Unblock)
	unary(a, "Blocks", MaxRequestBytes, func(ctx context.Context, _ *Empty) (*BlocksResponse, error) { return b.Blocks(ctx) })
}

func (c *Client) RegionPassword(ctx context.Context, req *RegionPasswordRequest) (*RegionPasswordResponse, error) {
	return call[RegionPasswordRequest, RegionPasswordResponse](ctx, c, "RegionPassword", req)
}

func (c *Client) AccessAct(ctx context.Context, req *AccessActRequest) (*AccessActResponse, error) {
	return call[AccessActRequest, AccessActResponse](ctx, c, "AccessAct", req)
}

func (c *Client) AccessReport(ctx context.Context, req *AdminRequest) (*AccessReport, error) {
	return call[AdminRequest, AccessReport](ctx, c, "AccessReport", req)
}

func (c *Client) Block(ctx context.Context, req *BlockRequest) (*BlocksResponse, error) {
	return call[BlockRequest, BlocksResponse](ctx, c, "Block", req)
}

func (c *Client) Unblock(ctx context.Context, req *BlockRequest) (*BlocksResponse, error) {
	return call[BlockRequest, BlocksResponse](ctx, c, "Unblock", req)
}

func (c *Client) Blocks(ctx context.Context) (*BlocksResponse, error) {
	return call[Empty, BlocksResponse](ctx, c, "Blocks", &Empty{})
}

func (r *RegionPasswordRequest) check() error {
	if len(r.Password) > MaxPasswordBytes {
		return fmt.Errorf("a password of %d bytes, at most %d", len(r.Password), MaxPasswordBytes)
	}
	if (r.Do == "set" || r.Do == "enter") && len(r.Password) == 0 {
		return fmt.Errorf("the password is empty")
	}
	return first(text("region", r.Region, 0, MaxNameBytes), opaque("do", r.Do, 0, 16))
}

func (r *AccessActRequest) check() error {
	if !(r.Seconds >= 0 && r.Seconds <= 366*24*3600) {
		return fmt.Errorf("a time is 0 to 366 days")
	}
	return first(text("region", r.Region, 0, MaxNameBytes), opaque("do", r.Do, 1, 16), text("player", r.Player, 0, MaxIDBytes),
		text("role", r.Role, 0, 16), text("reason", r.Reason, 0, 120), r.Settings.check())
}

func (s *AccessSettings) check() error {
	if s == nil {
		return nil
	}
	if len(s.May) > 3 {
		return fmt.Errorf("%d roles, at most 3", len(s.May))
	}
	for role, may := range s.May { //lint:sorted each on its own
		if len(may) > 16 {
			return fmt.Errorf("%d words for %q, at most 16", len(may), role)
		}
		for _, m := range may {
			if err := text("may", m, 1, 16); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *BlockRequest) check() error { return text("player", r.Player, 1, MaxIDBytes) }
