package control

import (
	"context"
	"fmt"
)

// The messages about peers that may run processes on this node.

// ProcessAcceptRequest lets a peer run processes here, within bounds.
type ProcessAcceptRequest struct {
	Peer      string `json:"peer"`                // peer id
	Processes int    `json:"processes,omitempty"` // at a time; 0 is the node's default
	Memory    uint64 `json:"memory,omitempty"`    // bytes of all; 0 is the node's default
	Gas       uint64 `json:"gas,omitempty"`       // instructions of all from now on; 0 sets no bound
}

// ProcessAgreedRequest asks for one peer's agreement, or for all without.
type ProcessAgreedRequest struct {
	Peer string `json:"peer,omitempty"` // peer id
}

type ProcessAgreedResponse struct {
	Agreements []ProcessAgreement `json:"agreements"`
}

// ProcessAgreement is what one peer may run here, and does.
type ProcessAgreement struct {
	Peer      string `json:"peer"` // peer id
	Agreed    bool   `json:"agreed"`
	Processes int    `json:"processes"` // at a time
	Alive     int    `json:"alive"`
	Memory    uint64 `json:"memory"` // bytes
	Used      uint64 `json:"used"`   // bytes of Memory
	Gas       uint64 `json:"gas"`    // instructions; 0: no bound
	GasLeft   uint64 `json:"gasLeft"`
	Since     string `json:"since,omitempty"` // RFC 3339
}

func (r *ProcessAcceptRequest) check() error {
	if r.Processes < 0 {
		return fmt.Errorf("processes is negative")
	}
	return opaque("peer", r.Peer, 1, MaxIDBytes)
}

func (r *ProcessAgreedRequest) check() error { return opaque("peer", r.Peer, 0, MaxIDBytes) }

// ProcessAccept and ProcessRefuse exist on the socket only: who may run
// something here is said by the owner, not by a page.
func (c *Client) ProcessAccept(ctx context.Context, req *ProcessAcceptRequest) (*ProcessAgreement, error) {
	return call[ProcessAcceptRequest, ProcessAgreement](ctx, c, "ProcessAccept", req)
}

func (c *Client) ProcessRefuse(ctx context.Context, req *ProcessAcceptRequest) (*ProcessAgreement, error) {
	return call[ProcessAcceptRequest, ProcessAgreement](ctx, c, "ProcessRefuse", req)
}

func (c *Client) ProcessAgreed(ctx context.Context, req *ProcessAgreedRequest) (*ProcessAgreedResponse, error) {
	return call[ProcessAgreedRequest, ProcessAgreedResponse](ctx, c, "ProcessAgreed", req)
}
