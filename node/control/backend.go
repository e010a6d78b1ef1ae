package control

import "context"

// Backend is what a node does for its local clients. Every method may be
// called from any goroutine; errors should be made with Errorf so that the
// client gets the right code and one hint.
type Backend interface {
	Status(ctx context.Context) (*StatusResponse, error)
	Peers(ctx context.Context) (*PeersResponse, error)
	Neighbours(ctx context.Context) (*NeighboursResponse, error)
	Doctor(ctx context.Context) (*DoctorResponse, error)

	WorldCreate(ctx context.Context, req *WorldCreateRequest) (*WorldInfo, error)
	WorldInfo(ctx context.Context) (*WorldInfo, error)
	Join(ctx context.Context, req *JoinRequest) (*WorldInfo, error)
	RegionSeed(ctx context.Context, req *SeedRequest) (*Region, error)
	RegionCheckpoint(ctx context.Context, req *CheckpointRequest) (*KeptRegion, error)

	// Keep follows checkpoints from now on and tries once to get the newest.
	Keep(ctx context.Context, req *KeepRequest) (*KeptResponse, error)
	Unkeep(ctx context.Context, req *UnkeepRequest) (*KeptResponse, error)
	Kept(ctx context.Context) (*KeptResponse, error)

	// Watch calls send for every frame until ctx ends or send fails.
	Watch(ctx context.Context, req *WatchRequest, send func(*Frame) error) error
	// Shards sends what the physics around the avatar holds until ctx ends or
	// send fails.
	Shards(ctx context.Context, req *ShardRequest, send func(*Shard) error) error
	// ShardRecord exists on the socket only.
	ShardRecord(ctx context.Context, req *ShardRecordRequest, send func(*ShardPiece) error) error
	Say(ctx context.Context, req *SayRequest) (*SayResponse, error)
	Steer(ctx context.Context, req *SteerRequest) error
	Walk(ctx context.Context, req *WalkRequest) (*WalkResponse, error)
	Throw(ctx context.Context, req *ThrowRequest) (*ThrowResponse, error)
	Touch(ctx context.Context, req *TouchRequest) (*TickResponse, error)
	Inspect(ctx context.Context, req *InspectRequest) (*InspectResponse, error)
	SetSlot(ctx context.Context, req *SetSlotRequest) (*TickResponse, error)
	Tie(ctx context.Context, req *TieRequest) (*TickResponse, error)
	Untie(ctx context.Context, req *UntieRequest) (*TickResponse, error)
	ThingCreate(ctx context.Context, req *ThingCreateRequest) (*ThingResponse, error)
	ThingDo(ctx context.Context, req *ThingDoRequest) (*ThingResponse, error)
	Tell(ctx context.Context, req *TellRequest) (*ThingResponse, error)
	ScriptRollback(ctx context.Context, req *ScriptRollbackRequest) (*TickResponse, error)
	ScriptAdd(ctx context.Context, req *ScriptAddRequest) (*ScriptAddResponse, error)

	// LumpAdd reads the chunks that next gives until io.EOF.
	LumpAdd(ctx context.Context, pin bool, next func() ([]byte, error)) (*Lump, error)
	// LumpImport reads a CAR archive in the same way and gives its roots.
	LumpImport(ctx context.Context, pin bool, next func() ([]byte, error)) (*LumpListResponse, error)
	// LumpExport sends content as a CAR archive; Total is the content's size.
	LumpExport(ctx context.Context, req *LumpRequest, send func(*LumpChunk) error) error
	LumpGet(ctx context.Context, req *LumpRequest, send func(*LumpChunk) error) error
	// LumpLeaves tells what the first Offset bytes of a content are made of, so
	// that a client can check those that it has.
	LumpLeaves(ctx context.Context, req *LumpRequest, send func(*LumpLeaves) error) error
	LumpList(ctx context.Context, req *LumpRequest) (*LumpListResponse, error)
	LumpStat(ctx context.Context, req *LumpRequest) (*Lump, error)
	LumpPin(ctx context.Context, req *LumpRequest) (*Lump, error)
	LumpUnpin(ctx context.Context, req *LumpRequest) (*Lump, error)
	// LumpForget deletes here what no other pin holds.
	LumpForget(ctx context.Context, req *LumpRequest) (*LumpForgotten, error)
	// LumpSweep frees space and tells how far it is.
	LumpSweep(ctx context.Context, req *LumpSweepRequest, send func(*LumpSweep) error) error

	// LumpSend sends a content to a peer that agreed and tells how far it is; the
	// last message has the receipt.
	LumpSend(ctx context.Context, req *LumpSendRequest, send func(*LumpSent) error) error
	// LumpReceipt checks a receipt, whoever gave it to whom.
	LumpReceipt(ctx context.Context, req *LumpReceiptRequest) (*Receipt, error)
	// LumpAccept lets a peer send contents, LumpRefuse lets it send no more;
	// LumpAgreed tells with whom what was agreed.
	LumpAccept(ctx context.Context, req *LumpAcceptRequest) (*Agreement, error)
	LumpRefuse(ctx context.Context, req *LumpAcceptRequest) (*Agreement, error)
	LumpAgreed(ctx context.Context, req *LumpAgreedRequest) (*LumpAgreedResponse, error)

	// ProcessAccept lets a peer run processes here, ProcessRefuse lets it run no
	// more and ends those it has; ProcessAgreed tells with whom what was agreed.
	ProcessAccept(ctx context.Context, req *ProcessAcceptRequest) (*ProcessAgreement, error)
	ProcessRefuse(ctx context.Context, req *ProcessAcceptRequest) (*ProcessAgreement, error)
	ProcessAgreed(ctx context.Context, req *ProcessAgreedRequest) (*ProcessAgreedResponse, error)

	// AssetShow sends how far the load of an asset is, and last what it is.
	AssetShow(ctx context.Context, req *AssetRequest, send func(*Asset) error) error
	AssetFormats(ctx context.Context) (*AssetFormatsResponse, error)

	// Mount and the like exist on the socket only.
	Mount(ctx context.Context, req *Mount) (*Mount, error)
	Unmount(ctx context.Context, req *MountName) error
	Mounts(ctx context.Context) (*MountsResponse, error)
	// MountFiles makes contents of the files and tells of each.
	MountFiles(ctx context.Context, req *MountName, send func(*MountFile) error) error

	past
	packages
	admins
	servers
	gates

	Spawn(ctx context.Context, req *SpawnRequest) (*SpawnResponse, error)
	Ps(ctx context.Context, req *PsRequest) (*PsResponse, error)
	Kill(ctx context.Context, req *KillRequest) error
	Send(ctx context.Context, req *SendRequest) error
	// Tail sends the lines kept and, when Follow is set, those to come.
	Tail(ctx context.Context, req *TailRequest, send func(*LogLine) error) error

	screens

	// Shutdown stops the node after everything acknowledged is on disk.
	Shutdown(ctx context.Context) error
}
