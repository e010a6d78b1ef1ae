package etcd

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/metatopia/metatopia/region/slots"
)

// gate speaks etcd's JSON interface (its gRPC gateway, on the client port). The
// forms are those of etcd's documentation, "etcd gRPC-gateway": keys and values
// in base64, numbers of 64 bits as text, what is zero left out.
type gate struct {
	http   *http.Client
	scheme string
	user   string
	pass   string

	mu    sync.Mutex
	hosts []string
	at    int    // the host in use
	token string // of the user
}

// maxAnswer bounds an answer: a range of MaxRange values, in base64.
const maxAnswer = 128 << 20

type header struct {
	Revision int64 `json:"revision,string"`
}

type keyValue struct {
	Key      []byte `json:"key"`
	Value    []byte `json:"value"`
	Revision int64  `json:"mod_revision,string"`
}

type rangeRequest struct {
	Key      []byte `json:"key"`
	End      []byte `json:"range_end,omitempty"`
	Limit    int64  `json:"limit,omitempty,string"`
	Revision int64  `json:"revision,omitempty,string"`
}

type rangeAnswer struct {
	Header header     `json:"header"`
	Kvs    []keyValue `json:"kvs"`
	More   bool       `json:"more"`
}

// compare is "the target revision of all keys in a range is result revision".
type compare struct {
	Key    []byte `json:"key"`
	End    []byte `json:"range_end,omitempty"`
	Target string `json:"target"` // MOD | CREATE
	Result string `json:"result"` // EQUAL | LESS
	Mod    *int64 `json:"mod_revision,omitempty,string"`
	Create *int64 `json:"create_revision,omitempty,string"`
}

type put struct {
	Key   []byte `json:"key"`
	Value []byte `json:"value"`
}

type op struct {
	Put    *put          `json:"request_put,omitempty"`
	Range  *rangeRequest `json:"request_range,omitempty"`
	Delete *rangeRequest `json:"request_delete_range,omitempty"`
}

type txnRequest struct {
	Compare []compare `json:"compare"`
	Success []op      `json:"success"`
	Failure []op      `json:"failure,omitempty"`
}

type txnAnswer struct {
	Header    header `json:"header"`
	Succeeded bool   `json:"succeeded"`
	Responses []struct {
		Range rangeAnswer `json:"response_range"`
	} `json:"responses"`
}

type event struct {
	Type string   `json:"type"` // "" or PUT, DELETE
	Kv   keyValue `json:"kv"`
}

type watchAnswer struct {
	Result struct {
		Canceled  bool    `json:"canceled"`
		Compacted int64   `json:"compact_revision,string"`
		Reason    string  `json:"cancel_reason"`
		Events    []event `json:"events"`
	} `json:"result"`
	Error *failure `json:"error"`
}

// failure is how etcd says no.
type failure struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (f *failure) Error() string { return f.Message }

// The messages that mean something to slots; the codes are shared by many.
const (
	saysCompacted = "required revision has been compacted"
	saysFuture    = "required revision is a future revision"
	saysToken     = "invalid auth token"
)

func newGate(t target) *gate {
	scheme := "http"
	if t.tls {
		scheme = "https"
	}
	tr := &http.Transport{DialContext: (&net.Dialer{Timeout: 3 * time.Second}).DialContext, MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute,
		TLSHandshakeTimeout: 5 * time.Second, ForceAttemptHTTP2: false}
	return &gate{http: &http.Client{Transport: tr}, scheme: scheme, hosts: t.hosts, user: t.user, pass: t.pass}
}

func (g *gate) close() { g.http.CloseIdleConnections() }

// post sends a request to the host in use; one that cannot be reached is
// followed by the next in later requests.
func (g *gate) post(ctx context.Context, path string, req any) (*http.Response, error) {
	body, err := json.Marshal(req)
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	at, token := g.at, g.token
	host := g.hosts[at%len(g.hosts)]
	g.mu.Unlock()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, g.scheme+"://"+host+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	// The request has a body that could be read anew, and http would send it
	// again over another connection when this one is cut: what has an effect
	// must not be sent twice behind our back.
	r.GetBody = nil
	if token != "" {
		r.Header.Set("Authorization", token)
	}
	res, err := g.http.Do(r)
	if err == nil && res.StatusCode == http.StatusOK {
		return res, nil
	}
	if err == nil {
		defer res.Body.Close()
		f := &failure{}
		b, _ := io.ReadAll(io.LimitReader(res.Body, 1<<16))
		if json.Unmarshal(b, f) != nil || f.Message == "" {
			f.Message = fmt.Sprintf("%s: is this etcd with its JSON interface?", res.Status)
		}
		if !strings.Contains(f.Message, "unavailable") && !strings.Contains(f.Message, "no leader") {
			return nil, f
		}
		err = f
	}
	g.mu.Lock()
	if g.at == at && ctx.Err() == nil {
		g.at++
	}
	g.mu.Unlock()
	return nil, err
}

// call asks and waits for the answer.
func (g *gate) call(ctx context.Context, path string, req, answer any) error {
	err := g.once(ctx, path, req, answer)
	var f *failure
	if g.user != "" && (g.unknown() || errors.As(err, &f) && strings.Contains(f.Message, saysToken)) {
		if err := g.login(ctx); err != nil {
			return err
		}
		err = g.once(ctx, path, req, answer)
	}
	return err
}

func (g *gate) unknown() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.token == ""
}

func (g *gate) once(ctx context.Context, path string, req, answer any) error {
	res, err := g.post(ctx, path, req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if err := json.NewDecoder(io.LimitReader(res.Body, maxAnswer)).Decode(answer); err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<16)) // so that the connection is used again
	return nil
}

func (g *gate) login(ctx context.Context) error {
	var answer struct {
		Token string `json:"token"`
	}
	err := g.once(ctx, "/v3/auth/authenticate", map[string]string{"name": g.user, "password": g.pass}, &answer)
	if err != nil {
		return err
	}
	g.mu.Lock()
	g.token = answer.Token
	g.mu.Unlock()
	return nil
}

func (g *gate) get(ctx context.Context, r rangeRequest) (a rangeAnswer, err error) {
	err = g.call(ctx, "/v3/kv/range", r, &a)
	return a, named(err)
}

func (g *gate) txn(ctx context.Context, r txnRequest) (a txnAnswer, err error) {
	err = g.call(ctx, "/v3/kv/txn", r, &a)
	return a, named(err)
}

// watch gives the answers of a watch to f until it says no.
func (g *gate) watch(ctx context.Context, key, end []byte, from int64, f func(*watchAnswer) bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	res, err := g.post(ctx, "/v3/watch", map[string]any{"create_request": map[string]any{"key": key, "range_end": end, "start_revision": fmt.Sprint(from)}})
	if err != nil {
		return named(err)
	}
	defer res.Body.Close()
	d := json.NewDecoder(res.Body)
	for {
		var a watchAnswer
		if err := d.Decode(&a); err != nil {
			return named(err)
		}
		if a.Error != nil {
			return named(a.Error)
		}
		if !f(&a) {
			return nil
		}
	}
}

// named gives the errors of package slots for what etcd says.
func named(err error) error {
	var f *failure
	switch {
	case err == nil:
		return nil
	case errors.As(err, &f) && strings.Contains(f.Message, saysCompacted):
		return slots.ErrCompacted
	case errors.As(err, &f) && strings.Contains(f.Message, saysFuture):
		return slots.ErrFuture
	}
	return fmt.Errorf("slots: etcd: %w", err)
}
