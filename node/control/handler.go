package control

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"connectrpc.com/connect"
)

// Service is the path prefix of every procedure.
const Service = "/metatopia.v1.Node/"

// api collects the handlers of one Backend for one side, socket or web.
type api struct {
	mux  *http.ServeMux
	base context.Context // ends when the server closes: streams end with it
}

// newAPI serves b under Service. The web side has no Shutdown, does not agree to
// take lumps from others, has no mounts, and learns no private URL: a page that
// was taken over must not stop the node, open it to strangers, read the machine's
// files or spread the token.
func newAPI(base context.Context, b Backend, web bool) http.Handler {
	a := &api{mux: http.NewServeMux(), base: base}

	status := b.Status
	if web {
		status = func(ctx context.Context) (*StatusResponse, error) {
			res, err := b.Status(ctx)
			if err != nil {
				return nil, err
			}
			public := *res
			public.WebURL, public.Home, public.Mounts = "", "", nil
			return &public, nil
		}
	} else {
		unary(a, "Shutdown", MaxRequestBytes, discard(noArg(b.Shutdown)))
		unary(a, "Mount", MaxRequestBytes, b.Mount)
		unary(a, "Unmount", MaxRequestBytes, discard(b.Unmount))
		unary(a, "Mounts", MaxRequestBytes, get(b.Mounts))
		serverStream(a, "MountFiles", b.MountFiles)
		serverStream(a, "ShardRecord", b.ShardRecord)
		pastAPI(a, b)
		unary(a, "LumpAccept", MaxRequestBytes, b.LumpAccept)
		unary(a, "LumpRefuse", MaxRequestBytes, b.LumpRefuse)
		unary(a, "ProcessAccept", MaxRequestBytes, b.ProcessAccept)
		unary(a, "ProcessRefuse", MaxRequestBytes, b.ProcessRefuse)
	}
	unary(a, "Status", MaxRequestBytes, get(status))
	unary(a, "Peers", MaxRequestBytes, get(b.Peers))
	unary(a, "Neighbours", MaxRequestBytes, get(b.Neighbours))
	unary(a, "Doctor", MaxRequestBytes, get(b.Doctor))

	unary(a, "WorldCreate", MaxRequestBytes, b.WorldCreate)
	unary(a, "WorldInfo", MaxRequestBytes, get(b.WorldInfo))
	unary(a, "Join", MaxRequestBytes, b.Join)
	unary(a, "RegionSeed", MaxRequestBytes, b.RegionSeed)
	unary(a, "RegionCheckpoint", MaxRequestBytes, b.RegionCheckpoint)

	unary(a, "Keep", MaxRequestBytes, b.Keep)
	unary(a, "Unkeep", MaxRequestBytes, b.Unkeep)
	unary(a, "Kept", MaxRequestBytes, get(b.Kept))

	serverStream(a, "Watch", b.Watch)
	serverStream(a, "Shards", b.Shards)
	unary(a, "Say", MaxRequestBytes, b.Say)
	unary(a, "Steer", MaxRequestBytes, discard(b.Steer))
	unary(a, "Walk", MaxRequestBytes, b.Walk)
	unary(a, "Throw", MaxRequestBytes, b.Throw)
	unary(a, "Touch", MaxRequestBytes, b.Touch)
	unary(a, "Inspect", MaxRequestBytes, b.Inspect)
	unary(a, "SetSlot", MaxRequestBytes, b.SetSlot)
	unary(a, "Tie", MaxRequestBytes, b.Tie)
	unary(a, "Untie", MaxRequestBytes, b.Untie)
	unary(a, "ThingCreate", MaxRequestBytes, b.ThingCreate)
	unary(a, "ThingDo", MaxRequestBytes, b.ThingDo)
	unary(a, "Tell", MaxRequestBytes, b.Tell)
	unary(a, "ScriptRollback", MaxRequestBytes, b.ScriptRollback)
	unary(a, "ScriptAdd", MaxRequestBytes, b.ScriptAdd)

	clientStream(a, "LumpAdd", b.LumpAdd)
	clientStream(a, "LumpImport", b.LumpImport)
	serverStream(a, "LumpExport", b.LumpExport)
	serverStream(a, "LumpGet", b.LumpGet)
	serverStream(a, "LumpLeaves", b.LumpLeaves)
	unary(a, "LumpList", MaxRequestBytes, b.LumpList)
	unary(a, "LumpStat", MaxRequestBytes, b.LumpStat)
	unary(a, "LumpPin", MaxRequestBytes, b.LumpPin)
	unary(a, "LumpUnpin", MaxRequestBytes, b.LumpUnpin)
	unary(a, "LumpForget", MaxRequestBytes, b.LumpForget)
	serverStream(a, "LumpSweep", b.LumpSweep)
	serverStream(a, "LumpSend", b.LumpSend)
	unary(a, "LumpReceipt", MaxRequestBytes, b.LumpReceipt)
	unary(a, "LumpAgreed", MaxRequestBytes, b.LumpAgreed)

	serverStream(a, "AssetShow", b.AssetShow)
	unary(a, "AssetFormats", MaxRequestBytes, get(b.AssetFormats))

	packageAPI(a, b, web)
	adminAPI(a, b, web)
	gateAPI(a, b, web)

	unary(a, "Spawn", maxSpawnMessage, b.Spawn)
	unary(a, "ProcessAgreed", MaxRequestBytes, b.ProcessAgreed)
	unary(a, "Ps", MaxRequestBytes, b.Ps)
	unary(a, "Kill", MaxRequestBytes, discard(b.Kill))
	unary(a, "Send", MaxRequestBytes, discard(b.Send))
	serverStream(a, "Tail", b.Tail)
	serverStream(a, "Screen", b.Screen)
	unary(a, "ScreenAct", MaxRequestBytes, discard(b.ScreenAct))
	return jsonOnly(a.mux)
}

func get[Res any](fn func(context.Context) (*Res, error)) func(context.Context, *Empty) (*Res, error) {
	return func(ctx context.Context, _ *Empty) (*Res, error) { return fn(ctx) }
}

func noArg(fn func(context.Context) error) func(context.Context, *Empty) error {
	return func(ctx context.Context, _ *Empty) error { return fn(ctx) }
}

func discard[Req any](fn func(context.Context, *Req) error) func(context.Context, *Req) (*Empty, error) {
	return func(ctx context.Context, req *Req) (*Empty, error) {
		if err := fn(ctx, req); err != nil {
			return nil, err
		}
		return &Empty{}, nil
	}
}

func options(limit int) []connect.HandlerOption {
	return []connect.HandlerOption{
		withJSON(),
		connect.WithReadMaxBytes(limit),
		connect.WithCompressMinBytes(4096), // loopback: only large replies gain
		connect.WithRecover(recovered),
	}
}

// recovered turns a panic of a handler into an error for that caller. net/http
// would swallow it too, but leave the caller with a cut connection.
func recovered(_ context.Context, spec connect.Spec, _ http.Header, p any) error {
	if p == http.ErrAbortHandler {
		panic(p) //nolint:forbidigo // the agreed way to abort a response
	}
	return connect.NewError(connect.CodeInternal, errPanic{spec.Procedure, p})
}

func unary[Req, Res any](a *api, name string, limit int, fn func(context.Context, *Req) (*Res, error)) {
	path := Service + name
	a.mux.Handle(path, connect.NewUnaryHandlerSimple(path, func(ctx context.Context, req *Req) (*Res, error) {
		ctx, cancel := context.WithTimeout(ctx, unaryTimeout)
		defer cancel()
		if err := check(req); err != nil {
			return nil, toWire(err)
		}
		res, err := fn(ctx, req)
		if err != nil {
			return nil, toWire(err)
		}
		if res == nil {
			res = new(Res)
		}
		complete(res)
		return res, nil
	}, options(limit)...))
}

func serverStream[Req, Res any](a *api, name string, fn func(context.Context, *Req, func(*Res) error) error) {
	path := Service + name
	a.mux.Handle(path, connect.NewServerStreamHandlerSimple(path,
		func(ctx context.Context, req *Req, stream *connect.ServerStream[Res]) error {
			if err := check(req); err != nil {
				return toWire(err)
			}
			ctx, cancel := a.until(ctx)
			defer cancel()
			err := fn(ctx, req, stream.Send)
			if err != nil && a.base.Err() != nil {
				err = Errorf(Unavailable, "", "the node is stopping")
			}
			return toWire(err)
		}, options(MaxRequestBytes)...))
}

// clientStream takes an upload in chunks.
func clientStream[Res any](a *api, name string, fn func(ctx context.Context, pin bool, next func() ([]byte, error)) (*Res, error)) {
	path := Service + name
	a.mux.Handle(path, connect.NewClientStreamHandlerSimple(path,
		func(ctx context.Context, stream *connect.ClientStream[LumpAddRequest]) (*Res, error) {
			ctx, cancel := a.until(ctx)
			defer cancel()
			first := stream.Receive()
			pin := first && stream.Msg().Pin
			next := func() ([]byte, error) {
				if !first && !stream.Receive() {
					if err := stream.Err(); err != nil {
						return nil, err
					}
					return nil, io.EOF
				}
				first = false
				if err := check(stream.Msg()); err != nil {
					return nil, err
				}
				return stream.Msg().Data, nil
			}
			if err := stream.Err(); err != nil {
				return nil, toWire(err)
			}
			res, err := fn(ctx, pin, next)
			if err != nil {
				return nil, toWire(err)
			}
			return res, nil
		}, options(maxChunkMessage)...))
}

// until ends with the request or with the server.
func (a *api) until(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(a.base, cancel)
	return ctx, func() { stop(); cancel() }
}

// jsonOnly refuses the other encodings and protocols that Connect handlers
// would take (protobuf, gRPC): our messages have no protobuf form.
func jsonOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			w.Header().Set("Allow", http.MethodPost)
			http.Error(w, "the API takes POST only", http.StatusMethodNotAllowed)
			return
		}
		kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		charset := params["charset"]
		switch {
		case err == nil && (charset == "" || strings.EqualFold(charset, "utf-8")) &&
			(kind == "application/json" || kind == "application/connect+json"):
			next.ServeHTTP(w, r)
		default:
			w.Header().Set("Accept-Post", "application/json, application/connect+json")
			http.Error(w, "the API takes application/json and application/connect+json", http.StatusUnsupportedMediaType)
		}
	})
}

// refuse answers an API request with a Connect error, in the form that its
// protocol expects.
func refuse(w http.ResponseWriter, r *http.Request, err error) {
	ew := connect.NewErrorWriter(withJSON())
	if ew.IsSupported(r) {
		_ = ew.Write(w, r, toWire(err)) // the client is gone when this fails
		return
	}
	status := http.StatusForbidden
	if errors.Is(err, errNoToken) {
		status = http.StatusUnauthorized
	}
	http.Error(w, err.Error(), status)
}
