package p2p

import (
	"context"
	"fmt"

	pubsub "github.com/libp2p/go-libp2p-pubsub"
	"github.com/libp2p/go-libp2p/core/peer"

	"github.com/metatopia/metatopia/internal/base"
)

// Verdict is what a topic's validator says of a message.
type Verdict int

const (
	Accept Verdict = iota
	Ignore         // not forwarded, not held against the sender
	Reject         // not forwarded, and the sender is judged for it
)

// Topic is a gossip topic that this node has joined. Gossip is lossy: what is
// sent over it must carry its own numbering and repetition.
type Topic struct {
	n    *Net
	name string
	t    *pubsub.Topic
}

// Topic joins a topic. check runs for every message before it is forwarded or
// delivered; from is the author, whose signature has been verified.
func (n *Net) Topic(name string, check func(from base.Key, data []byte) Verdict) (*Topic, error) {
	if n.ps == nil {
		return nil, fmt.Errorf("p2p: topic %s: started without gossip", name)
	}
	err := n.ps.RegisterTopicValidator(name, func(_ context.Context, _ peer.ID, m *pubsub.Message) pubsub.ValidationResult {
		from, err := keyOf(m.GetFrom())
		if err != nil || len(m.Data) > maxGossip {
			return pubsub.ValidationReject
		}
		switch check(from, m.Data) {
		case Accept:
			return pubsub.ValidationAccept
		case Ignore:
			return pubsub.ValidationIgnore
		}
		return pubsub.ValidationReject
	}, pubsub.WithValidatorInline(true))
	if err != nil {
		return nil, fmt.Errorf("p2p: topic %s: %w", name, err)
	}
	t, err := n.ps.Join(name)
	if err != nil {
		_ = n.ps.UnregisterTopicValidator(name)
		return nil, fmt.Errorf("p2p: topic %s: %w", name, err)
	}
	return &Topic{n: n, name: name, t: t}, nil
}

// Publish sends to whoever listens; nil means handed over, not delivered.
func (t *Topic) Publish(ctx context.Context, data []byte) error {
	if len(data) > maxGossip {
		return fmt.Errorf("p2p: publish %s: %d bytes, at most %d", t.name, len(data), maxGossip)
	}
	return t.t.Publish(ctx, data)
}

// Close leaves the topic, whose subscriptions have been cancelled.
func (t *Topic) Close() {
	_ = t.n.ps.UnregisterTopicValidator(t.name)
	// Fails while a cancelled subscription is still being taken down: then
	// the handle stays until the Net closes.
	_ = t.t.Close()
}

// Subscribe calls fn for every message of others, in one goroutine, until the
// Net closes or the returned function is called.
func (t *Topic) Subscribe(fn func(from base.Key, data []byte)) (cancel func(), err error) {
	sub, err := t.t.Subscribe(pubsub.WithBufferSize(gossipQueue))
	if err != nil {
		return nil, fmt.Errorf("p2p: subscribe %s: %w", t.name, err)
	}
	t.n.wg.Go(func() {
		for {
			m, err := sub.Next(t.n.ctx)
			if err != nil {
				return
			}
			if m.ReceivedFrom == t.n.host.ID() {
				continue
			}
			if from, err := keyOf(m.GetFrom()); err == nil {
				fn(from, m.Data)
			}
		}
	})
	return sub.Cancel, nil
}
