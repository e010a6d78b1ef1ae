package control

import (
	"context"
	"fmt"
	"slices"
)

// What RegionServersRequest.Do may be.
const (
	ServersStatus  = "status"  // who serves the region, and how they stand
	ServersAdd     = "add"     // the owner names Peer too
	ServersRemove  = "remove"  // the owner names Peer no longer
	ServersServe   = "serve"   // this node agrees to serve the region
	ServersRefuse  = "refuse"  // and does not any more
	ServersRecover = "recover" // the owner begins a new epoch with this node alone
	ServersTrust   = "trust"   // the owner takes the servers for Trust
)

// What an owner may take the servers of a region for.
const (
	TrustCrash       = "crash"       // they may fail, and none lies
	TrustAccountable = "accountable" // one that lies is proven to, and taken out
	TrustByzantine   = "byzantine"   // less than a third may lie
)

// RegionServersRequest asks or changes who serves a region.
type RegionServersRequest struct {
	Do     string `json:"do"`
	Region string `json:"region,omitempty"` // name or id; "" when only one is served here
	Peer   string `json:"peer,omitempty"`   // peer id, of add and remove
	Trust  string `json:"trust,omitempty"`  // of trust; see the Trust names
}

// RegionServers is who serves a region.
type RegionServers struct {
	Region  string         `json:"region"`
	ID      string         `json:"id"`
	Owner   string         `json:"owner"` // hex key
	Epoch   uint64         `json:"epoch"` // how often the owner began its log anew
	Trust   string         `json:"trust"` // what its owner takes the servers for
	Leader  string         `json:"leader,omitempty"`
	Frozen  bool           `json:"frozen,omitempty"` // too few servers answer: nothing happens
	Why     string         `json:"why,omitempty"`    // it stands still, or some of its servers do
	Tick    uint64         `json:"tick"`             // the furthest that a server has made
	Durable uint64         `json:"durable"`          // the last that most have on disk
	Agreed  bool           `json:"agreed,omitempty"` // this node has agreed to serve it
	Servers []RegionServer `json:"servers"`
	// InForce is what the servers go by, where that is another trust: Trust is in
	// force once whoever leads has brought it into the log.
	InForce string `json:"inForce,omitempty"`
	// Convicted are servers that have lied, the oldest first.
	Convicted []Conviction `json:"convicted,omitempty"`
	// Dissents is how often a witness has signed another state than was agreed
	// on, as far as a server that runs knows.
	Dissents uint64 `json:"dissents,omitempty"`
	// LeftWithKeys is how many servers have left since the region's password was set:
	// they have its keys, and it is to be set again. Only admins are told.
	LeftWithKeys int `json:"leftWithKeys,omitempty"`
}

// Conviction is a server that has signed two things where there can be one.
type Conviction struct {
	PeerID string `json:"peerId"`
	Why    string `json:"why"`
	About  uint64 `json:"about"`            // the tick that it lied about
	Tick   uint64 `json:"tick"`             // from which it counts nothing
	Barred bool   `json:"barred,omitempty"` // it may not serve
}

// RegionServer is one of them.
type RegionServer struct {
	PeerID  string  `json:"peerId"`
	Role    string  `json:"role"`              // leader | voter | learner | alone | joining | stopped | silent
	Here    bool    `json:"here,omitempty"`    // this node
	Number  uint64  `json:"number,omitempty"`  // in the region's log
	Tick    uint64  `json:"tick,omitempty"`    // last that it has made
	Lag     uint64  `json:"lag,omitempty"`     // ticks behind the furthest
	Players int     `json:"players,omitempty"` // with a stream to it
	Rate    float64 `json:"rate,omitempty"`    // how much faster than real time it caught up
	Got     int64   `json:"got,omitempty"`     // bytes of a checkpoint, while it joins
	Want    int64   `json:"want,omitempty"`
	Hash    string  `json:"hash,omitempty"` // state after Tick
}

func (r *RegionServersRequest) check() error {
	all := []string{ServersStatus, ServersAdd, ServersRemove, ServersServe, ServersRefuse, ServersRecover, ServersTrust}
	if !slices.Contains(all, r.Do) {
		return fmt.Errorf("cannot do %q", r.Do)
	}
	if (r.Do == ServersTrust || r.Trust != "") && !slices.Contains([]string{TrustCrash, TrustAccountable, TrustByzantine}, r.Trust) {
		return fmt.Errorf("no trust is called %q", r.Trust)
	}
	return first(text("region", r.Region, 0, MaxNameBytes), opaque("peer", r.Peer, 0, MaxIDBytes))
}

// servers are the methods of a Backend about those who serve a region.
type servers interface {
	RegionServers(ctx context.Context, req *RegionServersRequest) (*RegionServers, error)
}

// RegionServers asks or changes who serves a region. It is only over the
// socket.
func (c *Client) RegionServers(ctx context.Context, req *RegionServersRequest) (*RegionServers, error) {
	return call[RegionServersRequest, RegionServers](ctx, c, "RegionServers", req)
}
