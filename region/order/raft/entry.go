package raft

import (
	"fmt"

	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/region/order"
)

// read gives what an entry holds: a record, a change of the servers, or
// neither (a new leader's first entry, or a change that raft refused).
func read(x *pb.Entry) (*order.Encoded, *change, error) {
	if x.GetType() == pb.EntryConfChangeV2 {
		c, err := readChange(x.GetData())
		return nil, c, err
	}
	if len(x.GetData()) == 0 {
		return nil, nil, nil
	}
	r, err := order.Parse(x.GetData())
	if err != nil {
		return nil, nil, err
	}
	return &order.Encoded{Record: r, Bytes: x.GetData()}, nil, nil
}

// change is a change of the servers as an entry holds it: the library's
// ConfChangeV2, whose context names the servers that it adds.
type change struct {
	conf  *pb.ConfChangeV2
	added []Member
}

func readChange(data []byte) (*change, error) {
	c := &change{conf: &pb.ConfChangeV2{}}
	if len(data) == 0 {
		return c, nil // leaves a joint configuration
	}
	if err := proto.Unmarshal(data, c.conf); err != nil {
		return nil, fmt.Errorf("raft: change of servers: %w", err)
	}
	if len(c.conf.Changes) > maxChanges {
		return nil, fmt.Errorf("raft: change of servers: %d steps", len(c.conf.Changes))
	}
	switch c.conf.GetTransition() {
	case pb.ConfChangeTransitionAuto, pb.ConfChangeTransitionJointImplicit:
	default:
		return nil, fmt.Errorf("raft: change of servers: transition %d", c.conf.GetTransition())
	}
	for _, s := range c.conf.Changes {
		if id := s.GetNodeId(); id == 0 || id > maxID {
			return nil, fmt.Errorf("raft: change of server %d", id)
		}
		switch s.GetType() {
		case pb.ConfChangeAddNode, pb.ConfChangeRemoveNode, pb.ConfChangeAddLearnerNode:
		default:
			return nil, fmt.Errorf("raft: change of servers: step %d", s.GetType())
		}
	}
	if ctx := c.conf.GetContext(); len(ctx) > 0 {
		d := base.NewDecoder(ctx)
		c.added = parseMembers(d)
		if err := d.Done(); err != nil {
			return nil, fmt.Errorf("raft: change of servers: %w", err)
		}
	}
	return c, nil
}

// encode gives the entry's data.
func (c *change) encode() ([]byte, error) {
	if len(c.added) > 0 {
		var e base.Encoder
		appendMembers(&e, c.added)
		c.conf.Context = e.B
	}
	return proto.MarshalOptions{Deterministic: true}.Marshal(c.conf)
}

// ChangesServers tells whether an entry is a change of the servers.
func ChangesServers(x *pb.Entry) bool { return x.GetType() == pb.EntryConfChangeV2 }
