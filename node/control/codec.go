package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"connectrpc.com/connect"
)

// jsonCodec writes the plain structs of types.go. It takes the place of
// Connect's own JSON codec, which wants generated protobuf messages: the
// module must build from a bare clone, without generated code.
type jsonCodec struct{ name string }

func (c jsonCodec) Name() string { return c.name }

func (jsonCodec) Marshal(v any) ([]byte, error) { return json.Marshal(v) }

// MarshalAppend lets Connect write into a buffer of its pool. Without it every
// message that is sent puts one more buffer into the pool and takes none out:
// between two collections the pool grows with what is sent, and the collector
// then waits for twice that. A file of 2 GB took 250 MB to send.
func (jsonCodec) MarshalAppend(dst []byte, v any) ([]byte, error) {
	buf := bytes.NewBuffer(dst)
	if err := json.NewEncoder(buf).Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), nil
}

var errTrailing = errors.New("control: data after the JSON value")

// Unmarshal takes exactly one JSON value. Unknown fields pass: a newer client
// may know more. Nothing at all is an empty message, which is what the
// protocol sends for one.
func (jsonCodec) Unmarshal(data []byte, v any) error {
	if len(bytes.TrimSpace(data)) == 0 {
		return nil
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	if err := dec.Decode(v); err != nil {
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errTrailing
	}
	return nil
}

// withJSON registers the codec under both names that a Connect client may use.
func withJSON() connect.Option {
	return connect.WithOptions(
		connect.WithCodec(jsonCodec{"json"}),
		connect.WithCodec(jsonCodec{"json; charset=utf-8"}),
	)
}
