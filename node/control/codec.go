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
