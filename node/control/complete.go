package control

// complete makes empty lists of missing ones, so that clients in other
// languages never see null where the type says list.
func complete(res any) {
	switch r := res.(type) {
	case *StatusResponse:
		r.Addrs, r.Regions, r.Serving = list(r.Addrs), list(r.Regions), list(r.Serving)
		if r.Counters == nil {
			r.Counters = map[string]uint64{}
		}
	case *PeersResponse:
		r.Peers = list(r.Peers)
	case *NeighboursResponse:
		r.Neighbours = list(r.Neighbours)
	case *InspectResponse:
		r.Slots = list(r.Slots)
	case *LumpListResponse:
		r.Lumps = list(r.Lumps)
	case *LumpAgreedResponse:
		r.Agreements = list(r.Agreements)
	case *MountsResponse:
		r.Mounts = list(r.Mounts)
	case *KeptResponse:
		r.Regions = list(r.Regions)
		for i := range r.Regions {
			r.Regions[i].Older = list(r.Regions[i].Older)
		}
	case *KeptRegion:
		r.Older = list(r.Older)
	case *AssetFormatsResponse:
		r.Formats = list(r.Formats)
	case *Package:
		r.complete()
	case *PkgListResponse:
		r.Packages = list(r.Packages)
		for i := range r.Packages {
			r.Packages[i].complete()
		}
	case *PkgUpdateResponse:
		r.Packages = list(r.Packages)
	case *PkgVersionsResponse:
		r.Versions = list(r.Versions)
	case *AdminStatus:
		r.Words = list(r.Words)
	case *AdminActResponse:
		r.Words = list(r.Words)
	case *BlocksResponse:
		r.Blocks = list(r.Blocks)
	case *UndoProposal:
		r.Steps, r.Parts = list(r.Steps), list(r.Parts)
	case *RegionServers:
		r.Servers = list(r.Servers)
	case *PsResponse:
		r.Processes = list(r.Processes)
	case *DoctorResponse:
		r.Checks = list(r.Checks)
	}
}

func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
