package controltest

import (
	"context"

	"github.com/metatopia/metatopia/node/control"
)

// RegionPassword takes every password but "wrong".
func (b *Backend) RegionPassword(_ context.Context, r *control.RegionPasswordRequest) (*control.RegionPasswordResponse, error) {
	if err := b.called("region-password %s %s %d", r.Region, r.Do, len(r.Password)); err != nil {
		return nil, err
	}
	if string(r.Password) == "wrong" {
		return nil, control.Errorf(control.Denied, "ask who gave you the link; five tries a minute are possible", "the region refused: wrong password")
	}
	return &control.RegionPasswordResponse{Region: "Hearthside", Locked: r.Do != "clear", Enter: true, Tick: 900}, nil
}

func (b *Backend) AccessAct(_ context.Context, r *control.AccessActRequest) (*control.AccessActResponse, error) {
	if r.Player == "nobody" {
		return nil, control.Errorf(control.NotFound, "give the whole key", "nobody here is called %q", r.Player)
	}
	return &control.AccessActResponse{Region: "Hearthside", Tick: 901, Player: benKey}, b.called("access-act %s %s %s %s %g %s", r.Region, r.Do, r.Player, r.Role, r.Seconds, r.Reason)
}

func (b *Backend) AccessReport(_ context.Context, r *control.AdminRequest) (*control.AccessReport, error) {
	def, list := "builder", false
	return &control.AccessReport{Region: "Hearthside", Tick: 2000, Tries: 7, Logins: 2,
		Settings: control.AccessSettings{Default: &def, Whitelist: &list, May: map[string][]string{"guest": {"enter", "speak"}, "resident": {"enter", "speak", "create"}, "builder": {"enter", "speak", "create", "script"}}},
		Members:  []control.AccessMember{{Key: benKey, Role: "resident", Listed: true, Inviter: adaKey, Muted: true, Seconds: 60}},
		Audit: []control.AccessLine{
			{Tick: 800, Ago: 60, Kind: "invite", By: adaKey, Player: benKey, Text: "resident"},
			{Tick: 1400, Ago: 30, Kind: "mute", By: adaKey, Player: benKey, Text: "for 120 s: too loud"},
		},
	}, b.called("access-report %s", r.Region)
}

func (b *Backend) Block(_ context.Context, r *control.BlockRequest) (*control.BlocksResponse, error) {
	return blockList(), b.called("block %s %v", r.Player, r.Things)
}

func (b *Backend) Unblock(_ context.Context, r *control.BlockRequest) (*control.BlocksResponse, error) {
	return &control.BlocksResponse{Blocks: []control.Block{}}, b.called("unblock %s", r.Player)
}

func (b *Backend) Blocks(context.Context) (*control.BlocksResponse, error) { return blockList(), nil }

func blockList() *control.BlocksResponse {
	return &control.BlocksResponse{Blocks: []control.Block{{Key: benKey, Peer: "12D3KooWBen", Name: "Ben", Since: "2026-01-02T03:04:05Z"}}}
}
