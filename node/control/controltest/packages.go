package controltest

import (
	"context"
	"errors"
	"io"

	"github.com/metatopia/metatopia/node/control"
)

// greeter is the only package that this node knows.
func greeter(installed bool) *control.Package {
	var grants []string
	if installed {
		grants = []string{"world"}
	}
	return &control.Package{
		CID: "cid-of-greeter", Name: "greeter", Version: "1.0.0", Description: "answers messages", License: "MIT", Author: "Ada", Keys: []string{Key},
		Source: "cid-of-source", SourceSize: 2048, Tool: "go", Toolchain: "go1.26",
		Modules:    []control.PackageModule{{Target: "process", CID: "cid-of-module", Size: 1024, Entry: "greeter"}},
		Interfaces: []control.PackageInterface{{Name: "mt:log", From: 1, To: 2}, {Name: "mt:world", From: 1, To: 1}},
		Privileges: []control.PackagePrivilege{{Name: "world", Why: "says hello aloud", Granted: installed}},
		Grants:     grants, Installed: installed, Release: 3, Published: "2026-01-02T03:04:05Z",
	}
}

func known(ref string) error {
	switch ref {
	case "greeter", "greeter@1.0.0", "cid-of-greeter", Key + "/greeter":
		return nil
	}
	return control.Errorf(control.NotFound, "`metatopia pkg list` shows what is installed", "packages: %s: no such package here", ref)
}

func (b *Backend) pkg(ref, format string, args ...any) error {
	if err := b.called(format, args...); err != nil {
		return err
	}
	return known(ref)
}

func (b *Backend) PkgList(_ context.Context, r *control.PkgListRequest) (*control.PkgListResponse, error) {
	return &control.PkgListResponse{Packages: []control.Package{*greeter(true)}}, b.called("pkg-list all=%v", r.All)
}

func (b *Backend) PkgShow(_ context.Context, r *control.PkgRequest) (*control.Package, error) {
	return greeter(false), b.pkg(r.Ref, "pkg-show %s", r.Ref)
}

func (b *Backend) PkgVersions(_ context.Context, r *control.PkgRequest) (*control.PkgVersionsResponse, error) {
	return &control.PkgVersionsResponse{Versions: []control.PackageVersion{
		{Author: Key, Name: "greeter", Version: "1.0.0", CID: "cid-of-greeter", Release: 3, Published: "2026-01-02T03:04:05Z", Installed: true},
		{Author: Key, Name: "greeter", Version: "0.9.0", CID: "cid-of-older", Release: 1, Published: "2026-01-01T03:04:05Z"},
	}}, b.pkg(r.Ref, "pkg-versions %s", r.Ref)
}

func (b *Backend) PkgSource(_ context.Context, r *control.PkgRequest) (*control.PkgSourceResponse, error) {
	if r.Ref != "1" {
		if err := b.pkg(r.Ref, "pkg-source %s", r.Ref); err != nil {
			return nil, err
		}
	}
	return &control.PkgSourceResponse{CID: "cid0", Size: 2560, Bundle: true, Module: "cid-of-module", License: "MIT", Author: "Ada", Language: "go"}, nil
}

func (b *Backend) PkgInstall(_ context.Context, r *control.PkgInstallRequest) (*control.Package, error) {
	err := b.pkg(r.Ref, "pkg-install %s grants=%v asked=%v", r.Ref, r.Grants, r.GrantAsked)
	if err == nil && len(r.Grants) == 0 && !r.GrantAsked {
		err = control.Errorf(control.Denied, "if you trust it: metatopia pkg install --grant world greeter", "greeter@1.0.0: privilege not granted: it asks for world (says hello aloud)")
	}
	return greeter(true), err
}

func (b *Backend) PkgUpdate(_ context.Context, r *control.PkgInstallRequest) (*control.PkgUpdateResponse, error) {
	return &control.PkgUpdateResponse{Packages: []control.PackageUpdate{
		{Name: "greeter", From: "1.0.0", To: "1.1.0", CID: "cid-of-newer"}, {Name: "lamp", From: "1.0.0"},
		{Name: "wide", From: "1.0.0", To: "2.0.0", CID: "cid-of-wide", Error: "privilege not granted"},
	}}, b.called("pkg-update %s", r.Ref)
}

func (b *Backend) PkgRemove(_ context.Context, r *control.PkgRequest) (*control.Package, error) {
	return greeter(false), b.pkg(r.Ref, "pkg-remove %s", r.Ref)
}

func (b *Backend) PkgDraft(_ context.Context, r *control.PkgDraftRequest) (*control.PkgDraft, error) {
	return &control.PkgDraft{Body: []byte("body"), Keys: []string{Key}}, b.called("pkg-draft source=%s modules=%v keys=%v", r.Source, r.Modules, r.Keys)
}

func (b *Backend) PkgSeal(_ context.Context, r *control.PkgSealRequest) (*control.Package, error) {
	return greeter(false), b.called("pkg-seal %s signatures=%d", r.Body, len(r.Sigs))
}

func (b *Backend) PkgPublish(_ context.Context, r *control.PkgPublishRequest) (*control.Package, error) {
	return greeter(false), b.pkg(r.Ref, "pkg-publish %s", r.Ref)
}

func (b *Backend) PkgHistory(context.Context, *control.PkgHistoryRequest) (*control.PkgHistoryResponse, error) {
	return &control.PkgHistoryResponse{}, b.called("pkg-history")
}

func (b *Backend) PkgArchive(_ context.Context, r *control.PkgRequest, send func(*control.LumpChunk) error) error {
	if err := b.pkg(r.Ref, "pkg-archive %s", r.Ref); err != nil {
		return err
	}
	return send(&control.LumpChunk{Data: []byte("an archive"), Total: 10})
}

func (b *Backend) PkgImport(_ context.Context, _ bool, next func() ([]byte, error)) (*control.Package, error) {
	for {
		_, err := next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	return greeter(false), b.called("pkg-import")
}

func (b *Backend) PkgPut(_ context.Context, r *control.PkgPutRequest) (*control.TickResponse, error) {
	return &control.TickResponse{Region: "Hearthside", Tick: 44}, b.pkg(r.Ref, "pkg-put %s %s", r.Ref, r.Thing)
}

func (b *Backend) RegionRules(_ context.Context, r *control.RegionRulesRequest) (*control.RegionRules, error) {
	return &control.RegionRules{Region: "Hearthside", Copyleft: r.Copyleft != nil && *r.Copyleft}, b.called("region-rules %s", r.Region)
}

func (b *Backend) RegionStore(_ context.Context, r *control.RegionStoreRequest) (*control.RegionStore, error) {
	return &control.RegionStore{Region: "Hearthside", ID: "aa", Here: "open", Place: "slots.db"}, nil
}

func (b *Backend) RegionServers(_ context.Context, r *control.RegionServersRequest) (*control.RegionServers, error) {
	if r.Do == control.ServersTrust {
		return &control.RegionServers{Region: "Hearthside", ID: "aa", Owner: "01020304", Trust: r.Trust, InForce: control.TrustCrash, Leader: "12D3KooWMe", Dissents: 1,
			Convicted: []control.Conviction{{PeerID: "12D3KooWEve", Why: "signed two votes for one tick", About: 24, Tick: 30, Barred: true}}}, b.called("region-trust %s %s", r.Region, r.Trust)
	}
	left := 0
	if r.Do == control.ServersRemove {
		left = 1
	}
	return &control.RegionServers{Region: "Hearthside", ID: "aa", Owner: "01020304", Trust: control.TrustCrash, Leader: "12D3KooWMe", Tick: 40, Durable: 39, LeftWithKeys: left,
		Servers: []control.RegionServer{{PeerID: "12D3KooWMe", Role: "leader", Here: true, Number: 1, Tick: 40, Players: 2},
			{PeerID: "12D3KooWBob", Role: "learner", Number: 2, Tick: 38, Lag: 2, Rate: 6.5},
			{PeerID: "12D3KooWEve", Role: "joining", Got: 1 << 20, Want: 4 << 20}}}, b.called("region-servers %s %s %s", r.Do, r.Region, r.Peer)
}
