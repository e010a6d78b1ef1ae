package far

import (
	"bytes"
	"strings"
	"testing"
)

func number(i byte) Number { return Number{i, 15: i} }

// allOps is one operation of each form.
func allOps() []op {
	mine, yours := wireCap{true, number(3), CanSend | CanLink, 2}, wireCap{false, number(4), CanSend, 0}
	return []op{
		{kind: opSend, number: number(1), message: wireMessage{-5, []byte("hello"), []wireCap{mine, yours}}},
		{kind: opSend, number: number(1), message: wireMessage{data: []byte{}}},
		{kind: opWatch, number: number(1), watch: Linked},
		{kind: opExit, number: number(1), reason: Reason{4, 0, "linked: killed"}},
		{kind: opKill, number: number(1)},
		{kind: opDrop, number: number(1), count: 7},
		{kind: opSpawn, id: 9, spawn: Spawn{CID: "bafy", Arg: []byte("a"), Name: "n", Flags: SpawnLink}, parent: &mine},
		{kind: opSpawn, id: 10, spawn: Spawn{CID: "bafy", Arg: []byte{}}},
		{kind: opSpawned, id: 9, child: mine},
		{kind: opSpawned, id: 10, spawned: Spawned{Code: Full, Text: "no"}},
		{kind: opEnded, number: number(2), reason: Reason{1, -3, ""}},
		{kind: opPause, number: number(2)},
		{kind: opResume, number: number(2)},
		{kind: opRefused, number: number(2), code: codeLost, count: 3},
		{kind: opRefused, number: number(2), code: codeRevoked},
	}
}

func allPackets() []packet {
	a, b := Session{7, 8}, Session{9, 10}
	ps := []packet{
		{kind: pktHello, from: a}, {kind: pktHello, from: a, to: b}, {kind: pktBye, from: a, to: b},
		{kind: pktAck, from: a, to: b, ack: 5, ask: true},
	}
	for _, o := range allOps() {
		ps = append(ps, packet{kind: pktOp, from: a, to: b, seq: 3, ack: 4, op: o.encode()})
	}
	return ps
}

// checkPacket has what parses encode to the same bytes.
func checkPacket(t *testing.T, b []byte) bool {
	p, err := decodePacket(b)
	if err != nil {
		return false
	}
	if again := p.encode(); !bytes.Equal(again, b) {
		t.Fatalf("% x\nbecame\n% x", b, again)
	}
	if p.kind != pktOp {
		return true
	}
	o, err := decodeOp(p.op)
	if err != nil {
		return false
	}
	if again := o.encode(); !bytes.Equal(again, p.op) {
		t.Fatalf("op % x\nbecame\n% x", p.op, again)
	}
	return true
}

func TestPacketsThereAndBack(t *testing.T) {
	for _, p := range allPackets() {
		b := p.encode()
		if !checkPacket(t, b) {
			t.Errorf("kind %d of % x is refused", p.kind, b)
		}
		for n := range b {
			if checkPacket(t, b[:n]) {
				t.Errorf("kind %d cut to %d bytes is taken", p.kind, n)
			}
		}
		if checkPacket(t, append(b, 0)) {
			t.Errorf("kind %d with a byte more is taken", p.kind)
		}
	}
	big := op{kind: opSend, message: wireMessage{data: make([]byte, MaxData), caps: make([]wireCap, MaxCaps)}}
	p := packet{kind: pktOp, from: Session{1, 1}, seq: 1, op: big.encode()}
	if b := p.encode(); len(b) > MaxPacket || !checkPacket(t, b) {
		t.Errorf("the largest message makes a packet of %d bytes", len(b))
	}
}

func TestWhatIsNoOperation(t *testing.T) {
	for _, o := range []op{
		{kind: 0}, {kind: opRefused + 1}, {kind: opWatch, watch: Linked + 1}, {kind: opDrop},
		{kind: opSend, message: wireMessage{data: make([]byte, MaxData+1)}},
		{kind: opSend, message: wireMessage{caps: make([]wireCap, MaxCaps+1)}},
		{kind: opSend, message: wireMessage{caps: []wireCap{{true, number(1), 16, 0}}}},
		{kind: opSend, message: wireMessage{caps: []wireCap{{true, number(1), 1, MaxHops + 1}}}},
		{kind: opSend, message: wireMessage{caps: []wireCap{{false, number(1), 1, 1}}}},
		{kind: opEnded, reason: Reason{End: lastEnd + 1}}, {kind: opEnded, reason: Reason{Text: strings.Repeat("x", MaxText+1)}},
		{kind: opSpawn, spawn: Spawn{Flags: spawnFlags + 1}}, {kind: opSpawn, spawn: Spawn{CID: strings.Repeat("x", MaxCID+1)}},
		{kind: opSpawned, spawned: Spawned{Code: lastCode + 1}}, {kind: opSpawned, child: wireCap{}},
		{kind: opRefused, code: 3}, {kind: opRefused, code: codeLost}, {kind: opRefused, code: codeRevoked, count: 1},
	} {
		if _, err := decodeOp(o.encode()); err == nil {
			t.Errorf("%+v is taken", o)
		}
	}
}

func FuzzPacket(f *testing.F) {
	for _, p := range allPackets() {
		f.Add(p.encode())
	}
	f.Fuzz(func(t *testing.T, b []byte) { checkPacket(t, b) })
}
