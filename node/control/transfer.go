package control

import (
	"context"
	"encoding/hex"
	"fmt"
)

// The messages about contents that one node sends to another.

// LumpSendRequest asks to send a content that is here to a peer.
type LumpSendRequest struct {
	CID  string `json:"cid"`
	Peer string `json:"peer"`           // peer id
	Note string `json:"note,omitempty"` // words for the receiver, at most MaxNoteBytes
}

// LumpSent is how far a transfer has come; the last one has a receipt.
type LumpSent struct {
	Done    int64    `json:"done"` // bytes of the content that are there
	Total   int64    `json:"total"`
	Receipt *Receipt `json:"receipt,omitempty"`
}

// Receipt is a receiver's signed word that it has a content.
type Receipt struct {
	CID      string `json:"cid"`
	Size     int64  `json:"size"`
	Sender   string `json:"sender"`   // peer id
	Receiver string `json:"receiver"` // peer id
	Sequence string `json:"sequence"` // 16 hex digits, chosen by the sender for this transfer
	Time     string `json:"time"`     // RFC 3339 with milliseconds, of the receiver's clock
	Bytes    string `json:"receipt"`  // the whole, signed, as hex (docs/protocol/lumps.md)
}

// LumpReceiptRequest asks to check a receipt.
type LumpReceiptRequest struct {
	Bytes string `json:"receipt"` // hex
}

// LumpAcceptRequest lets a peer send contents of at most Quota bytes together.
type LumpAcceptRequest struct {
	Peer  string `json:"peer"`            // peer id
	Quota int64  `json:"quota,omitempty"` // bytes; 0 is the node's default
}

// LumpAgreedRequest asks for one peer's agreement with what it sent, or for all
// without.
type LumpAgreedRequest struct {
	Peer string `json:"peer,omitempty"` // peer id
}

type LumpAgreedResponse struct {
	Agreements []Agreement `json:"agreements"`
}

// Agreement is what is taken from one peer.
type Agreement struct {
	Peer     string         `json:"peer"` // peer id
	Agreed   bool           `json:"agreed"`
	Quota    int64          `json:"quota"`  // bytes
	Used     int64          `json:"used"`   // bytes that count against it
	Coming   int64          `json:"coming"` // bytes of Used that are under way, or were interrupted lately
	Count    int            `json:"count"`  // contents that came and are here
	Since    string         `json:"since"`  // RFC 3339
	Contents []ReceivedLump `json:"contents,omitempty"`
}

// ReceivedLump is a content that a peer has sent.
type ReceivedLump struct {
	CID  string `json:"cid"`
	Size int64  `json:"size"`
	Time string `json:"time"` // RFC 3339
	Note string `json:"note,omitempty"`
}

func (r *LumpSendRequest) check() error {
	return first(opaque("cid", r.CID, 1, MaxIDBytes), opaque("peer", r.Peer, 1, MaxIDBytes), text("note", r.Note, 0, MaxNoteBytes))
}

func (r *LumpAcceptRequest) check() error {
	if r.Quota < 0 {
		return fmt.Errorf("quota is negative")
	}
	return opaque("peer", r.Peer, 1, MaxIDBytes)
}

func (r *LumpAgreedRequest) check() error { return opaque("peer", r.Peer, 0, MaxIDBytes) }

func (r *LumpReceiptRequest) check() error {
	if len(r.Bytes) > maxReceiptText {
		return fmt.Errorf("receipt has %d digits, the limit is %d", len(r.Bytes), maxReceiptText)
	}
	if _, err := hex.DecodeString(r.Bytes); err != nil || r.Bytes == "" {
		return fmt.Errorf("receipt is not hexadecimal")
	}
	return nil
}

func (c *Client) LumpSend(ctx context.Context, req *LumpSendRequest, send func(*LumpSent) error) error {
	return receive(ctx, c, "LumpSend", req, send)
}

func (c *Client) LumpReceipt(ctx context.Context, req *LumpReceiptRequest) (*Receipt, error) {
	return call[LumpReceiptRequest, Receipt](ctx, c, "LumpReceipt", req)
}

func (c *Client) LumpAgreed(ctx context.Context, req *LumpAgreedRequest) (*LumpAgreedResponse, error) {
	return call[LumpAgreedRequest, LumpAgreedResponse](ctx, c, "LumpAgreed", req)
}

// LumpAccept and LumpRefuse exist on the socket only: what is taken from others
// is said by the owner, not by a page.
func (c *Client) LumpAccept(ctx context.Context, req *LumpAcceptRequest) (*Agreement, error) {
	return call[LumpAcceptRequest, Agreement](ctx, c, "LumpAccept", req)
}

func (c *Client) LumpRefuse(ctx context.Context, req *LumpAcceptRequest) (*Agreement, error) {
	return call[LumpAcceptRequest, Agreement](ctx, c, "LumpRefuse", req)
}
