package controltest

import (
	"context"

	"github.com/metatopia/metatopia/node/control"
)

// Keys of the people of the region that this backend pretends to know.
const (
	adaKey = "aaaaaaaa00000000000000000000000000000000000000000000000000000000"
	benKey = "bbbbbbbb00000000000000000000000000000000000000000000000000000000"
)

func (b *Backend) AdminStatus(_ context.Context, r *control.AdminRequest) (*control.AdminStatus, error) {
	return &control.AdminStatus{Region: "Hearthside", ID: "01", Me: adaKey, May: true, Index: 12, Runs: 7200,
		Words:       []string{"Entry 12 of the log; the region has run for 2 hours.", "Ada (aaaaaaaa) is a permanent admin since the region was founded, and was last seen 60 seconds ago."},
		Admins:      []control.AdminStanding{{Key: adaKey, Joined: 1, Away: 60, Days: 1}},
		Heirs:       []control.AdminStanding{{Key: benKey, Joined: 3, Away: 600, Days: 1}},
		Servers:     []string{adaKey},
		Certificate: &control.AdminCertificate{Index: 12, Time: "2026-01-02T03:04:05Z", Age: 30, Admins: []string{adaKey}, Servers: []string{adaKey}, Links: 1},
	}, b.called("admin-status %s", r.Region)
}

func (b *Backend) AdminLog(_ context.Context, r *control.AdminLogRequest) (*control.AdminLogResponse, error) {
	return &control.AdminLogResponse{Region: "Hearthside", Index: 12, Next: 2, Entries: []control.AdminEntry{
		{Index: 4, Runs: 7200, Time: "2026-01-02T03:04:05Z", By: benKey, Kind: "ban", Player: adaKey, Why: "bbbbbbbb: has not the right"},
		{Index: 3, Runs: 3600, Time: "2026-01-02T02:04:05Z", By: benKey, Kind: "login", Text: "through aaaaaaaa"},
	}}, b.called("admin-log %s %d %d", r.Region, r.From, r.Count)
}

func (b *Backend) AdminProof(_ context.Context, r *control.AdminRequest) (*control.AdminProof, error) {
	return &control.AdminProof{Region: "Hearthside", Charter: []byte("charter"), Chain: []byte("chain")}, b.called("admin-proof %s", r.Region)
}

func (b *Backend) AdminAct(_ context.Context, r *control.AdminActRequest) (*control.AdminActResponse, error) {
	return &control.AdminActResponse{Region: "Hearthside", Index: 13, Player: benKey, Words: []string{"Ada (aaaaaaaa) is a permanent admin since the region was founded, and was last seen 60 seconds ago."}},
		b.called("admin-act %s %s %s", r.Region, r.Do, r.Player)
}
