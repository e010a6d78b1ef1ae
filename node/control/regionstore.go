package control

import "context"

// MaxPlaceBytes bounds where a store is.
const MaxPlaceBytes = 1024

// RegionStoreRequest sets or takes away the store of a region that is served
// here, or, without Place and None, asks for it.
type RegionStoreRequest struct {
	Region string `json:"region,omitempty"` // name or id; "" when only one is served
	Place  string `json:"place,omitempty"`  // bolt, bolt:FILE, postgres://..., etcd://...; may hold a password
	None   bool   `json:"none,omitempty"`   // take it away
}

// RegionStore is a region's store as this node has it. No field holds a
// password.
type RegionStore struct {
	Region string `json:"region"`
	ID     string `json:"id,omitempty"` // the region's store; "" when it has none
	// Here says how it is with this node: "none" (no place is set), "open",
	// "away" (it does not answer, Error says why), "other" (the place holds
	// another store than the region's).
	Here    string `json:"here"`
	Place   string `json:"place,omitempty"`
	Server  string `json:"server,omitempty"` // what runs there
	Waiting int    `json:"waiting"`          // requests of things that wait for an answer
	Done    uint64 `json:"done"`             // carried out by this node since it started
	Error   string `json:"error,omitempty"`
}

func (r *RegionStoreRequest) check() error {
	return first(text("region", r.Region, 0, MaxNameBytes), opaque("place", r.Place, 0, MaxPlaceBytes))
}

func (c *Client) RegionStore(ctx context.Context, req *RegionStoreRequest) (*RegionStore, error) {
	return call[RegionStoreRequest, RegionStore](ctx, c, "RegionStore", req)
}
