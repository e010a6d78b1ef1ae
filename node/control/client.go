package control

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"connectrpc.com/connect"
)

// Client is a node's Backend, from outside. Its methods may be called from any
// goroutine; their errors are *Error with a code and perhaps a hint.
type Client struct {
	http *http.Client
	base string
	opts []connect.ClientOption
}

var _ Backend = (*Client)(nil)

// Dial prepares a client of the node whose socket is at path. It does not
// connect yet: a node that is not running shows at the first call, as
// Unavailable, and one of another user as Denied.
func Dial(path string) *Client {
	return dial(path, func(uid uint32) bool { return mayServe(path, os.Getuid(), uid) })
}

func dial(path string, trust func(uid uint32) bool) *Client {
	var d net.Dialer
	tr := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			c, err := d.DialContext(ctx, "unix", path)
			if err != nil {
				return nil, err
			}
			uid, err := peerUID(c)
			if err == nil && !trust(uid) {
				err = Errorf(Denied, "use another --home", "control: the node at %s belongs to uid %d", path, uid)
			}
			if err != nil && !errors.Is(err, errors.ErrUnsupported) {
				_ = c.Close() // refused: nothing was written to it
				return nil, err
			}
			return c, nil
		},
		Protocols:       new(http.Protocols),
		IdleConnTimeout: time.Minute,
	}
	tr.Protocols.SetUnencryptedHTTP2(true)
	return newClient(tr, "http://node")
}

// mayServe says whether a process of uid may be the node that I speak to. The
// socket of a long data directory is in the temporary directory, where anybody
// could have made it first. Root may use the nodes of others, whose sockets
// are in their own data directories.
func mayServe(path string, me int, uid uint32) bool {
	return uid == 0 || int64(uid) == int64(me) || me == 0 && filepath.Base(path) == socketName
}

// DialWeb prepares a client of a node's web side, as a browser would be one
// (tests). base is http://127.0.0.1:port.
func DialWeb(base, token string) *Client {
	return newClient(bearer{token, &http.Transport{IdleConnTimeout: time.Minute}}, base)
}

func newClient(rt http.RoundTripper, base string) *Client {
	return &Client{http: &http.Client{Transport: rt}, base: base, opts: []connect.ClientOption{
		withJSON(),
		connect.WithCodec(jsonCodec{"json"}), // the last one is what the client speaks
		connect.WithReadMaxBytes(MaxReplyBytes),
	}}
}

type bearer struct {
	token string
	next  http.RoundTripper
}

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	r.Header.Set("Authorization", "Bearer "+b.token)
	return b.next.RoundTrip(r)
}

// Close drops idle connections. Calls under way are not disturbed.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// failed makes the error of a call: the node's own words, or why it could not
// be reached.
func (c *Client) failed(err error) error {
	var own *Error
	const start = "start it with `metatopia up`, or say which one with --home"
	switch {
	case err == nil:
		return nil
	case errors.As(err, &own):
		return own
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return Errorf(Unavailable, start, "no node is running here: %w", dialCause(err))
	case errors.Is(err, fs.ErrPermission):
		return Errorf(Denied, "run the command as the user that runs the node", "the node's socket: %w", dialCause(err))
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return Errorf(Unavailable, "does it still run? see `metatopia status`", "the node went away before the end: %w", err)
	}
	return fromWire(err)
}

// dialCause drops the layers of an HTTP client around the error of a socket.
func dialCause(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op
	}
	return err
}

func call[Req, Res any](ctx context.Context, c *Client, name string, req *Req) (*Res, error) {
	res, err := connect.NewClient[Req, Res](c.http, c.base+Service+name, c.opts...).CallUnary(ctx, connect.NewRequest(req))
	if err != nil {
		return nil, c.failed(err)
	}
	return res.Msg, nil
}

func callEmpty[Req any](ctx context.Context, c *Client, name string, req *Req) error {
	_, err := call[Req, Empty](ctx, c, name, req)
	return err
}

// receive calls fn for every message of a stream. An error of fn ends the
// stream and is returned as it is.
func receive[Req, Res any](ctx context.Context, c *Client, name string, req *Req, fn func(*Res) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := connect.NewClient[Req, Res](c.http, c.base+Service+name, c.opts...).CallServerStream(ctx, connect.NewRequest(req))
	if err != nil {
		return c.failed(err)
	}
	defer stream.Close() //nolint:errcheck // the stream's own error is returned
	for stream.Receive() {
		// Receive reuses nothing: every message is its own value.
		msg := stream.Msg()
		if err := fn(msg); err != nil {
			return err
		}
	}
	return c.failed(stream.Err())
}

// LumpAdd sends chunks of at most MaxChunkBytes until next gives io.EOF.
func (c *Client) LumpAdd(ctx context.Context, pin bool, next func() ([]byte, error)) (*Lump, error) {
	return upload[Lump](ctx, c, "LumpAdd", pin, next)
}

func (c *Client) LumpImport(ctx context.Context, pin bool, next func() ([]byte, error)) (*LumpListResponse, error) {
	return upload[LumpListResponse](ctx, c, "LumpImport", pin, next)
}

// upload sends the chunks that next gives until io.EOF.
func upload[Res any](ctx context.Context, c *Client, name string, pin bool, next func() ([]byte, error)) (*Res, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := connect.NewClient[LumpAddRequest, Res](c.http, c.base+Service+name, c.opts...).CallClientStreamSimple(ctx)
	if err != nil {
		return nil, c.failed(err)
	}
	if err := stream.Send(&LumpAddRequest{Pin: pin}); err != nil && !errors.Is(err, io.EOF) {
		return nil, c.failed(err)
	}
	for {
		data, err := next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err // the deferred cancel aborts the upload
		}
		if err := stream.Send(&LumpAddRequest{Data: data}); err != nil {
			if errors.Is(err, io.EOF) {
				break // the node has answered early; CloseAndReceive has why
			}
			return nil, c.failed(err)
		}
	}
	res, err := stream.CloseAndReceive()
	if err != nil {
		return nil, c.failed(err)
	}
	return res, nil
}
