package wire

import (
	"fmt"

	"github.com/metatopia/metatopia/internal/base"
)

// Pose is the sender's own pose, for those who subscribed to it. It is also
// its heartbeat. Unsigned: the link it comes on is authenticated.
type Pose struct{ Body Body }

func (m *Pose) Type() Type             { return TypePose }
func (m *Pose) size() int              { return BodySize }
func (m *Pose) append(e *base.Encoder) { m.Body.appendTo(e) }
func (m *Pose) read(d *base.Decoder)   { m.Body = readBody(d) }

// Class is how often a subscriber wants to hear of the publisher.
type Class uint8

const (
	// None ends a subscription.
	None Class = iota
	// Slow is for those farther off.
	Slow
	// Full is for the nearest.
	Full
	classEnd
)

var classNames = [...]string{"none", "slow", "full"}

func (c Class) String() string {
	if c >= classEnd {
		return fmt.Sprintf("Class(%d)", uint8(c))
	}
	return classNames[c]
}

// Sub asks for the receiver's poses, or renews or ends that. It carries the
// asker's own pose. Beyond Reach (units) the asker subscribes to nobody:
// the receiver shall tell it, by digests, of those it knows there in the
// directions of Sectors (bit i for sector i of the core's division).
type Sub struct {
	Class   Class
	Body    Body
	Reach   uint32
	Sectors uint32
}

func (m *Sub) Type() Type { return TypeSub }
func (m *Sub) size() int  { return 1 + BodySize + 8 }
func (m *Sub) append(e *base.Encoder) {
	e.U8(uint8(m.Class))
	m.Body.appendTo(e)
	e.U32(m.Reach)
	e.U32(m.Sectors)
}
func (m *Sub) read(d *base.Decoder) {
	m.Class = Class(d.U8())
	m.Body = readBody(d)
	m.Reach = d.U32()
	m.Sectors = d.U32()
	if d.Err() == nil && (m.Class >= classEnd || m.Sectors>>Sectors != 0) {
		d.Fail(fmt.Errorf("%w: class %d, sectors %x", ErrField, uint8(m.Class), m.Sectors))
	}
}

// Busy refuses a Sub: the receiver of the Sub has enough subscribers that are
// nearer.
type Busy struct{}

func (m *Busy) Type() Type             { return TypeBusy }
func (m *Busy) size() int              { return 0 }
func (m *Busy) append(e *base.Encoder) {}
func (m *Busy) read(d *base.Decoder)   {}

// Bye says that the sender goes.
type Bye struct{}

func (m *Bye) Type() Type             { return TypeBye }
func (m *Bye) size() int              { return 0 }
func (m *Bye) append(e *base.Encoder) {}
func (m *Bye) read(d *base.Decoder)   {}
