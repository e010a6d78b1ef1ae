package ports

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"time"

	"github.com/metatopia/metatopia/internal/base"
	"github.com/metatopia/metatopia/scripting/far"
)

// Serve reads a stream that a peer has opened, until it ends. Many at a time are
// one too many, but right.
func (ps *Ports) Serve(from base.Key, s io.Reader) {
	r := bufio.NewReaderSize(s, 16<<10)
	for {
		b, err := readFrame(r)
		if errors.Is(err, errFrame) {
			ps.cfg.Fault(from, "a frame that is too long")
		}
		if err != nil {
			return
		}
		p := ps.port(from)
		if p == nil {
			return
		}
		if wait := p.pace.take(time.Now()); wait > time.Millisecond {
			select {
			case <-time.After(wait):
			case <-p.ctx.Done():
				return
			}
		}
		p.step(func(core *far.Peer, now int64) { core.Receive(now, b) })
	}
}

var errFrame = errors.New("ports: frame too long")

// readFrame reads a length (unsigned varint) and so many bytes. Memory is taken
// as they come.
func readFrame(r *bufio.Reader) ([]byte, error) {
	n, err := binary.ReadUvarint(r)
	if err != nil {
		return nil, err
	}
	if n > far.MaxPacket {
		return nil, errFrame
	}
	b := make([]byte, 0, min(n, 4<<10))
	for uint64(len(b)) < n {
		at := len(b)
		b = append(b, make([]byte, min(n-uint64(at), 16<<10))...)
		if _, err := io.ReadFull(r, b[at:]); err != nil {
			return nil, err
		}
	}
	return b, nil
}

// speak opens streams to the peer and writes, while there is something to say.
func (p *port) speak() {
	pause := dialPause
	for {
		select {
		case <-p.ctx.Done():
			return
		case <-p.write:
		}
		p.mu.Lock()
		wants := p.core.Wants(p.of.now())
		p.mu.Unlock()
		if !wants {
			continue
		}
		began := time.Now()
		s, err := p.of.cfg.Dial(p.ctx, p.peer)
		if err == nil {
			err = p.converse(s)
			s.Close()
		}
		p.mu.Lock()
		p.stream = false
		p.core.Down()
		p.out = nil
		p.mu.Unlock()
		if err != nil {
			p.of.cfg.Log.Debug("stream of processes broke", "peer", p.peer.Short(), "err", err)
		}
		if time.Since(began) > dialPauseMost {
			pause = dialPause
		}
		select {
		case <-p.ctx.Done():
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, dialPauseMost)
		kick(p.write)
	}
}

// converse writes to one stream until it breaks or the port is idle.
func (p *port) converse(s io.WriteCloser) error {
	p.mu.Lock()
	p.stream, p.out = true, nil
	p.core.Up(p.of.now())
	p.collect()
	p.mu.Unlock()
	var b []byte
	for {
		p.mu.Lock()
		b = b[:0]
		n := 0
		for ; n < len(p.out) && len(b) < maxWrite; n++ {
			b = binary.AppendUvarint(b, uint64(len(p.out[n])))
			b = append(b, p.out[n]...)
			p.out[n] = nil
		}
		p.out = p.out[n:]
		left := len(p.out)
		p.mu.Unlock()
		if left > maxUnsent {
			return errors.New("the peer does not read")
		}
		if len(b) > 0 {
			if _, err := s.Write(b); err != nil {
				return err
			}
			continue
		}
		select {
		case <-p.ctx.Done():
			return p.ctx.Err()
		case <-p.write:
		}
	}
}
