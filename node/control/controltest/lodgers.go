package controltest

import (
	"context"

	"github.com/metatopia/metatopia/node/control"
)

func (b *Backend) ProcessAccept(_ context.Context, r *control.ProcessAcceptRequest) (*control.ProcessAgreement, error) {
	a := &control.ProcessAgreement{Peer: r.Peer, Agreed: true, Processes: r.Processes, Memory: r.Memory, Gas: r.Gas, GasLeft: r.Gas, Since: "2026-01-02T03:04:05Z"}
	return a, b.called("process-accept %s %d %d %d", r.Peer, r.Processes, r.Memory, r.Gas)
}

func (b *Backend) ProcessRefuse(_ context.Context, r *control.ProcessAcceptRequest) (*control.ProcessAgreement, error) {
	return &control.ProcessAgreement{Peer: r.Peer}, b.called("process-refuse %s", r.Peer)
}

// ProcessAgreed knows one agreement, whomever it is asked for.
func (b *Backend) ProcessAgreed(_ context.Context, r *control.ProcessAgreedRequest) (*control.ProcessAgreedResponse, error) {
	a := control.ProcessAgreement{Peer: "12D3peer", Agreed: true, Processes: 64, Alive: 2, Memory: 1 << 28, Used: 1 << 20, Since: "2026-01-02T03:04:05Z"}
	return &control.ProcessAgreedResponse{Agreements: []control.ProcessAgreement{a}}, b.called("process-agreed %s", r.Peer)
}
