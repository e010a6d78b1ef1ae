package control

import (
	"context"
	"fmt"
)

// Messages about packages. Those who make, publish, install and remove exist on
// the socket only: what is signed with this node's key, and what code gets
// which privilege, is said by its owner and not by a page.

// Package is what a node knows of one.
type Package struct {
	CID         string             `json:"cid"` // root of its content
	Name        string             `json:"name"`
	Version     string             `json:"version"`
	Description string             `json:"description"`
	License     string             `json:"license"` // SPDX expression
	Author      string             `json:"author,omitempty"`
	Keys        []string           `json:"keys"`             // who signed it, hex; the first may publish it
	Source      string             `json:"source,omitempty"` // CID of the bundle; none: the source is not given
	SourceSize  int64              `json:"sourceSize,omitempty"`
	Tool        string             `json:"tool"`
	Toolchain   string             `json:"toolchain,omitempty"`
	Options     map[string]string  `json:"options,omitempty"`
	Modules     []PackageModule    `json:"modules"`
	Interfaces  []PackageInterface `json:"interfaces"`
	Privileges  []PackagePrivilege `json:"privileges"` // asked for
	Memory      uint64             `json:"memory"`     // bytes asked for; 0: what the node gives
	Gas         uint64             `json:"gas"`        // whole-life budget; 0: none
	Grants      []string           `json:"grants"`     // given
	Installed   bool               `json:"installed"`
	Made        bool               `json:"made"`                // by this node
	Release     uint64             `json:"release"`             // its number among the author's releases; 0: not published, as far as is known
	Published   string             `json:"published,omitempty"` // RFC 3339, by the author's clock
	Doubtful    bool               `json:"doubtful,omitempty"`  // the author has signed two things where there can be one
}

// PackageModule is the compiled form for one target: sim, process, browser or
// loader.
type PackageModule struct {
	Target string `json:"target"`
	CID    string `json:"cid"`
	Size   int64  `json:"size"`
	Entry  string `json:"entry"` // path in the source
}

type PackageInterface struct {
	Name     string            `json:"name"`
	From     uint16            `json:"from"`
	To       uint16            `json:"to"`
	Optional bool              `json:"optional,omitempty"`
	Config   map[string]string `json:"config,omitempty"`
}

type PackagePrivilege struct {
	Name     string `json:"name"`
	Why      string `json:"why"`
	Optional bool   `json:"optional,omitempty"`
	Granted  bool   `json:"granted"`
}

// PkgRequest names a package: [AUTHOR/]NAME[@VERSION] or a CID. PkgSource takes
// a pid, a thing's id and a module's CID too.
type PkgRequest struct {
	Ref string `json:"ref"`
}

// PkgListRequest asks for installed packages, or for all that this node
// remembers.
type PkgListRequest struct {
	All bool `json:"all,omitempty"`
}

type PkgListResponse struct {
	Packages []Package `json:"packages"`
}

// PkgInstallRequest asks to install a package with grants, as "world" or
// "lump.send=PEER"; GrantAsked gives all that it asks for and that needs no
// value.
type PkgInstallRequest struct {
	Ref        string   `json:"ref"`
	Grants     []string `json:"grants,omitempty"`
	GrantAsked bool     `json:"grantAsked,omitempty"`
}

// PkgUpdateResponse tells of every package that was looked at.
type PkgUpdateResponse struct {
	Packages []PackageUpdate `json:"packages"`
}

// PackageUpdate: To is empty when there is nothing newer; Error says why a newer
// one was not installed.
type PackageUpdate struct {
	Name  string `json:"name"`
	From  string `json:"from"`
	To    string `json:"to,omitempty"`
	CID   string `json:"cid,omitempty"`
	Error string `json:"error,omitempty"`
}

type PkgVersionsResponse struct {
	Versions []PackageVersion `json:"versions"`
}

// PackageVersion is a release, as its author signed it.
type PackageVersion struct {
	Author    string `json:"author"` // hex key
	Name      string `json:"name"`
	Version   string `json:"version"`
	CID       string `json:"cid"`
	Release   uint64 `json:"release"`
	Published string `json:"published"` // RFC 3339, by the author's clock
	Installed bool   `json:"installed"`
	Doubtful  bool   `json:"doubtful,omitempty"`
}

// PkgSourceResponse says where the source of something is. Bundle: the content
// is a tar archive of files; else it is one text.
type PkgSourceResponse struct {
	CID      string `json:"cid"`
	Size     int64  `json:"size"`
	Bundle   bool   `json:"bundle"`
	Module   string `json:"module,omitempty"` // CID of what runs
	Package  string `json:"package,omitempty"`
	License  string `json:"license,omitempty"`
	Author   string `json:"author,omitempty"`
	Language string `json:"language,omitempty"`
}

// PkgDraftRequest gives what a package is made of; the contents are here.
type PkgDraftRequest struct {
	Plan      []byte          `json:"plan"`             // the package file
	Source    string          `json:"source,omitempty"` // CID of the bundle
	Toolchain string          `json:"toolchain,omitempty"`
	Modules   []PackageModule `json:"modules"`        // target and CID
	Keys      []string        `json:"keys,omitempty"` // who will sign, hex; none: this node
}

// PkgDraft is a manifest to be signed.
type PkgDraft struct {
	Body []byte   `json:"body"`
	Keys []string `json:"keys"`
}

// PkgSealRequest gives signatures in the order of the keys; that of this node's
// key may be empty.
type PkgSealRequest struct {
	Body []byte   `json:"body"`
	Sigs [][]byte `json:"sigs,omitempty"`
}

// PkgPublishRequest publishes a package of this node's key, or, with a signed
// release, of another.
type PkgPublishRequest struct {
	Ref     string `json:"ref"`
	Release []byte `json:"release,omitempty"`
}

// PkgHistoryRequest asks for the newest known releases of a key.
type PkgHistoryRequest struct {
	Author string `json:"author"` // hex key
}

type PkgHistoryResponse struct {
	History []byte `json:"history"` // docs/protocol/packages.md
}

// PkgPutRequest gives a thing the sim module of an installed package.
type PkgPutRequest struct {
	Ref   string `json:"ref"`
	Thing string `json:"thing"` // id, or name of a thing in sight
}

// RegionRulesRequest changes the rules of a region, or, without
// Copyleft, asks for them.
type RegionRulesRequest struct {
	Region   string `json:"region,omitempty"` // name or id; "": the one that I am in
	Copyleft *bool  `json:"copyleft,omitempty"`
}

type RegionRules struct {
	Region   string `json:"region"`
	Copyleft bool   `json:"copyleft"`
}

func reference(s string) error { return opaque("package", s, 1, MaxRefBytes) }

func grants(list []string) error {
	if len(list) > MaxGrants {
		return fmt.Errorf("%d grants, the limit is %d", len(list), MaxGrants)
	}
	for _, g := range list {
		if err := opaque("grant", g, 1, MaxIDBytes+MaxNameBytes); err != nil {
			return err
		}
	}
	return nil
}

func (r *PkgRequest) check() error        { return reference(r.Ref) }
func (r *PkgPublishRequest) check() error { return reference(r.Ref) }
func (r *PkgHistoryRequest) check() error { return opaque("author", r.Author, 64, 64) }

// check lets an empty reference pass: an update of all has none.
func (r *PkgInstallRequest) check() error {
	return first(opaque("package", r.Ref, 0, MaxRefBytes), grants(r.Grants))
}

func (r *PkgDraftRequest) check() error {
	if len(r.Modules) > MaxGrants || len(r.Keys) > MaxGrants {
		return fmt.Errorf("%d modules and %d keys, the limit is %d", len(r.Modules), len(r.Keys), MaxGrants)
	}
	return opaque("source", r.Source, 0, MaxIDBytes)
}

func (r *PkgSealRequest) check() error {
	if len(r.Sigs) > MaxGrants {
		return fmt.Errorf("%d signatures, the limit is %d", len(r.Sigs), MaxGrants)
	}
	return nil
}

func (r *PkgPutRequest) check() error {
	return first(reference(r.Ref), text("thing", r.Thing, 1, MaxIDBytes))
}

func (r *RegionRulesRequest) check() error { return text("region", r.Region, 0, MaxNameBytes) }

// packages are the methods of a Backend about packages.
type packages interface {
	PkgList(ctx context.Context, req *PkgListRequest) (*PkgListResponse, error)
	// PkgShow describes a package, here or elsewhere; nothing is installed.
	PkgShow(ctx context.Context, req *PkgRequest) (*Package, error)
	PkgVersions(ctx context.Context, req *PkgRequest) (*PkgVersionsResponse, error)
	PkgSource(ctx context.Context, req *PkgRequest) (*PkgSourceResponse, error)
	PkgInstall(ctx context.Context, req *PkgInstallRequest) (*Package, error)
	// PkgUpdate installs the newest version of one package, or of all.
	PkgUpdate(ctx context.Context, req *PkgInstallRequest) (*PkgUpdateResponse, error)
	PkgRemove(ctx context.Context, req *PkgRequest) (*Package, error)
	// PkgDraft makes a manifest of what is here, PkgSeal the package of a signed
	// one, PkgPublish a release of it.
	PkgDraft(ctx context.Context, req *PkgDraftRequest) (*PkgDraft, error)
	PkgSeal(ctx context.Context, req *PkgSealRequest) (*Package, error)
	PkgPublish(ctx context.Context, req *PkgPublishRequest) (*Package, error)
	PkgHistory(ctx context.Context, req *PkgHistoryRequest) (*PkgHistoryResponse, error)
	// PkgArchive sends a package and its author's releases as one CAR archive;
	// PkgImport reads one, and installs nothing.
	PkgArchive(ctx context.Context, req *PkgRequest, send func(*LumpChunk) error) error
	PkgImport(ctx context.Context, pin bool, next func() ([]byte, error)) (*Package, error)
	PkgPut(ctx context.Context, req *PkgPutRequest) (*TickResponse, error)
	RegionRules(ctx context.Context, req *RegionRulesRequest) (*RegionRules, error)
	RegionStore(ctx context.Context, req *RegionStoreRequest) (*RegionStore, error)
}

// packageAPI serves them.
func packageAPI(a *api, b Backend, web bool) {
	unary(a, "PkgList", MaxRequestBytes, b.PkgList)
	unary(a, "PkgShow", MaxRequestBytes, b.PkgShow)
	unary(a, "PkgVersions", MaxRequestBytes, b.PkgVersions)
	unary(a, "PkgSource", MaxRequestBytes, b.PkgSource)
	serverStream(a, "PkgArchive", b.PkgArchive)
	unary(a, "PkgHistory", MaxRequestBytes, b.PkgHistory)
	unary(a, "PkgPut", MaxRequestBytes, b.PkgPut)
	unary(a, "RegionRules", MaxRequestBytes, b.RegionRules)
	if web {
		return
	}
	unary(a, "PkgInstall", MaxRequestBytes, b.PkgInstall)
	unary(a, "PkgUpdate", MaxRequestBytes, b.PkgUpdate)
	unary(a, "PkgRemove", MaxRequestBytes, b.PkgRemove)
	unary(a, "PkgDraft", MaxRequestBytes, b.PkgDraft)
	unary(a, "PkgSeal", MaxRequestBytes, b.PkgSeal)
	unary(a, "PkgPublish", MaxRequestBytes, b.PkgPublish)
	clientStream(a, "PkgImport", b.PkgImport)
	unary(a, "RegionStore", MaxRequestBytes, b.RegionStore)
	unary(a, "RegionServers", MaxRequestBytes, b.RegionServers)
}

func (p *Package) complete() {
	p.Keys, p.Modules, p.Interfaces = list(p.Keys), list(p.Modules), list(p.Interfaces)
	p.Privileges, p.Grants = list(p.Privileges), list(p.Grants)
}

func (c *Client) PkgList(ctx context.Context, req *PkgListRequest) (*PkgListResponse, error) {
	return call[PkgListRequest, PkgListResponse](ctx, c, "PkgList", req)
}

func (c *Client) PkgShow(ctx context.Context, req *PkgRequest) (*Package, error) {
	return call[PkgRequest, Package](ctx, c, "PkgShow", req)
}

func (c *Client) PkgVersions(ctx context.Context, req *PkgRequest) (*PkgVersionsResponse, error) {
	return call[PkgRequest, PkgVersionsResponse](ctx, c, "PkgVersions", req)
}

func (c *Client) PkgSource(ctx context.Context, req *PkgRequest) (*PkgSourceResponse, error) {
	return call[PkgRequest, PkgSourceResponse](ctx, c, "PkgSource", req)
}

func (c *Client) PkgInstall(ctx context.Context, req *PkgInstallRequest) (*Package, error) {
	return call[PkgInstallRequest, Package](ctx, c, "PkgInstall", req)
}

func (c *Client) PkgUpdate(ctx context.Context, req *PkgInstallRequest) (*PkgUpdateResponse, error) {
	return call[PkgInstallRequest, PkgUpdateResponse](ctx, c, "PkgUpdate", req)
}

func (c *Client) PkgRemove(ctx context.Context, req *PkgRequest) (*Package, error) {
	return call[PkgRequest, Package](ctx, c, "PkgRemove", req)
}

func (c *Client) PkgDraft(ctx context.Context, req *PkgDraftRequest) (*PkgDraft, error) {
	return call[PkgDraftRequest, PkgDraft](ctx, c, "PkgDraft", req)
}

func (c *Client) PkgSeal(ctx context.Context, req *PkgSealRequest) (*Package, error) {
	return call[PkgSealRequest, Package](ctx, c, "PkgSeal", req)
}

func (c *Client) PkgPublish(ctx context.Context, req *PkgPublishRequest) (*Package, error) {
	return call[PkgPublishRequest, Package](ctx, c, "PkgPublish", req)
}

func (c *Client) PkgHistory(ctx context.Context, req *PkgHistoryRequest) (*PkgHistoryResponse, error) {
	return call[PkgHistoryRequest, PkgHistoryResponse](ctx, c, "PkgHistory", req)
}

func (c *Client) PkgArchive(ctx context.Context, req *PkgRequest, send func(*LumpChunk) error) error {
	return receive(ctx, c, "PkgArchive", req, send)
}

func (c *Client) PkgImport(ctx context.Context, pin bool, next func() ([]byte, error)) (*Package, error) {
	return upload[Package](ctx, c, "PkgImport", pin, next)
}

func (c *Client) PkgPut(ctx context.Context, req *PkgPutRequest) (*TickResponse, error) {
	return call[PkgPutRequest, TickResponse](ctx, c, "PkgPut", req)
}

func (c *Client) RegionRules(ctx context.Context, req *RegionRulesRequest) (*RegionRules, error) {
	return call[RegionRulesRequest, RegionRules](ctx, c, "RegionRules", req)
}
