package control

import "context"

// The methods of Client, one for every procedure.

func (c *Client) Status(ctx context.Context) (*StatusResponse, error) {
	return call[Empty, StatusResponse](ctx, c, "Status", &Empty{})
}

func (c *Client) Peers(ctx context.Context) (*PeersResponse, error) {
	return call[Empty, PeersResponse](ctx, c, "Peers", &Empty{})
}

func (c *Client) Neighbours(ctx context.Context) (*NeighboursResponse, error) {
	return call[Empty, NeighboursResponse](ctx, c, "Neighbours", &Empty{})
}

func (c *Client) Doctor(ctx context.Context) (*DoctorResponse, error) {
	return call[Empty, DoctorResponse](ctx, c, "Doctor", &Empty{})
}

func (c *Client) WorldCreate(ctx context.Context, req *WorldCreateRequest) (*WorldInfo, error) {
	return call[WorldCreateRequest, WorldInfo](ctx, c, "WorldCreate", req)
}

func (c *Client) WorldInfo(ctx context.Context) (*WorldInfo, error) {
	return call[Empty, WorldInfo](ctx, c, "WorldInfo", &Empty{})
}

func (c *Client) Join(ctx context.Context, req *JoinRequest) (*WorldInfo, error) {
	return call[JoinRequest, WorldInfo](ctx, c, "Join", req)
}

func (c *Client) RegionSeed(ctx context.Context, req *SeedRequest) (*Region, error) {
	return call[SeedRequest, Region](ctx, c, "RegionSeed", req)
}

func (c *Client) RegionCheckpoint(ctx context.Context, req *CheckpointRequest) (*KeptRegion, error) {
	return call[CheckpointRequest, KeptRegion](ctx, c, "RegionCheckpoint", req)
}

func (c *Client) Keep(ctx context.Context, req *KeepRequest) (*KeptResponse, error) {
	return call[KeepRequest, KeptResponse](ctx, c, "Keep", req)
}

func (c *Client) Unkeep(ctx context.Context, req *UnkeepRequest) (*KeptResponse, error) {
	return call[UnkeepRequest, KeptResponse](ctx, c, "Unkeep", req)
}

func (c *Client) Kept(ctx context.Context) (*KeptResponse, error) {
	return call[Empty, KeptResponse](ctx, c, "Kept", &Empty{})
}

func (c *Client) Watch(ctx context.Context, req *WatchRequest, send func(*Frame) error) error {
	return receive(ctx, c, "Watch", req, send)
}

func (c *Client) Shards(ctx context.Context, req *ShardRequest, send func(*Shard) error) error {
	return receive(ctx, c, "Shards", req, send)
}

// ShardRecord exists on the socket only.
func (c *Client) ShardRecord(ctx context.Context, req *ShardRecordRequest, send func(*ShardPiece) error) error {
	return receive(ctx, c, "ShardRecord", req, send)
}

func (c *Client) Say(ctx context.Context, req *SayRequest) (*SayResponse, error) {
	return call[SayRequest, SayResponse](ctx, c, "Say", req)
}

func (c *Client) Steer(ctx context.Context, req *SteerRequest) error {
	return callEmpty(ctx, c, "Steer", req)
}

func (c *Client) Walk(ctx context.Context, req *WalkRequest) (*WalkResponse, error) {
	return call[WalkRequest, WalkResponse](ctx, c, "Walk", req)
}

func (c *Client) Throw(ctx context.Context, req *ThrowRequest) (*ThrowResponse, error) {
	return call[ThrowRequest, ThrowResponse](ctx, c, "Throw", req)
}

func (c *Client) Touch(ctx context.Context, req *TouchRequest) (*TickResponse, error) {
	return call[TouchRequest, TickResponse](ctx, c, "Touch", req)
}

func (c *Client) Inspect(ctx context.Context, req *InspectRequest) (*InspectResponse, error) {
	return call[InspectRequest, InspectResponse](ctx, c, "Inspect", req)
}

func (c *Client) Tie(ctx context.Context, req *TieRequest) (*TickResponse, error) {
	return call[TieRequest, TickResponse](ctx, c, "Tie", req)
}

func (c *Client) Untie(ctx context.Context, req *UntieRequest) (*TickResponse, error) {
	return call[UntieRequest, TickResponse](ctx, c, "Untie", req)
}

func (c *Client) ThingCreate(ctx context.Context, req *ThingCreateRequest) (*ThingResponse, error) {
	return call[ThingCreateRequest, ThingResponse](ctx, c, "ThingCreate", req)
}

func (c *Client) ThingDo(ctx context.Context, req *ThingDoRequest) (*ThingResponse, error) {
	return call[ThingDoRequest, ThingResponse](ctx, c, "ThingDo", req)
}

func (c *Client) Tell(ctx context.Context, req *TellRequest) (*ThingResponse, error) {
	return call[TellRequest, ThingResponse](ctx, c, "Tell", req)
}

func (c *Client) SetSlot(ctx context.Context, req *SetSlotRequest) (*TickResponse, error) {
	return call[SetSlotRequest, TickResponse](ctx, c, "SetSlot", req)
}

func (c *Client) ScriptRollback(ctx context.Context, req *ScriptRollbackRequest) (*TickResponse, error) {
	return call[ScriptRollbackRequest, TickResponse](ctx, c, "ScriptRollback", req)
}

func (c *Client) ScriptAdd(ctx context.Context, req *ScriptAddRequest) (*ScriptAddResponse, error) {
	return call[ScriptAddRequest, ScriptAddResponse](ctx, c, "ScriptAdd", req)
}

func (c *Client) LumpGet(ctx context.Context, req *LumpRequest, send func(*LumpChunk) error) error {
	return receive(ctx, c, "LumpGet", req, send)
}

func (c *Client) LumpLeaves(ctx context.Context, req *LumpRequest, send func(*LumpLeaves) error) error {
	return receive(ctx, c, "LumpLeaves", req, send)
}

func (c *Client) LumpExport(ctx context.Context, req *LumpRequest, send func(*LumpChunk) error) error {
	return receive(ctx, c, "LumpExport", req, send)
}

func (c *Client) LumpList(ctx context.Context, req *LumpRequest) (*LumpListResponse, error) {
	return call[LumpRequest, LumpListResponse](ctx, c, "LumpList", req)
}

func (c *Client) LumpStat(ctx context.Context, req *LumpRequest) (*Lump, error) {
	return call[LumpRequest, Lump](ctx, c, "LumpStat", req)
}

func (c *Client) LumpPin(ctx context.Context, req *LumpRequest) (*Lump, error) {
	return call[LumpRequest, Lump](ctx, c, "LumpPin", req)
}

func (c *Client) LumpUnpin(ctx context.Context, req *LumpRequest) (*Lump, error) {
	return call[LumpRequest, Lump](ctx, c, "LumpUnpin", req)
}

func (c *Client) LumpForget(ctx context.Context, req *LumpRequest) (*LumpForgotten, error) {
	return call[LumpRequest, LumpForgotten](ctx, c, "LumpForget", req)
}

func (c *Client) LumpSweep(ctx context.Context, req *LumpSweepRequest, send func(*LumpSweep) error) error {
	return receive(ctx, c, "LumpSweep", req, send)
}

func (c *Client) Mount(ctx context.Context, req *Mount) (*Mount, error) {
	return call[Mount, Mount](ctx, c, "Mount", req)
}

func (c *Client) Unmount(ctx context.Context, req *MountName) error {
	return callEmpty(ctx, c, "Unmount", req)
}

func (c *Client) Mounts(ctx context.Context) (*MountsResponse, error) {
	return call[Empty, MountsResponse](ctx, c, "Mounts", &Empty{})
}

func (c *Client) MountFiles(ctx context.Context, req *MountName, send func(*MountFile) error) error {
	return receive(ctx, c, "MountFiles", req, send)
}

func (c *Client) Spawn(ctx context.Context, req *SpawnRequest) (*SpawnResponse, error) {
	return call[SpawnRequest, SpawnResponse](ctx, c, "Spawn", req)
}

func (c *Client) Ps(ctx context.Context, req *PsRequest) (*PsResponse, error) {
	return call[PsRequest, PsResponse](ctx, c, "Ps", req)
}

func (c *Client) Kill(ctx context.Context, req *KillRequest) error {
	return callEmpty(ctx, c, "Kill", req)
}

func (c *Client) Send(ctx context.Context, req *SendRequest) error {
	return callEmpty(ctx, c, "Send", req)
}

func (c *Client) Tail(ctx context.Context, req *TailRequest, send func(*LogLine) error) error {
	return receive(ctx, c, "Tail", req, send)
}

// Shutdown exists on the socket only: over the web side it is NotImplemented.
func (c *Client) Shutdown(ctx context.Context) error {
	return callEmpty(ctx, c, "Shutdown", &Empty{})
}
