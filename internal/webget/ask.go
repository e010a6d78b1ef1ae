package webget

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"syscall"
)

// ErrDenied: the host is not one that may be asked.
var ErrDenied = errors.New("not a host that may be asked")

// Question is one request of somebody who is not trusted.
type Question struct {
	Method string // GET or POST
	URL    string
	Body   []byte // of a POST
	Type   string // of the body

	MaxBytes int64 // longest body taken; required
	// Allow says whether a host, in lower case, may be asked at a port, and
	// whether it may have an address that is not of the public internet. It is
	// asked again at each redirection and each connection.
	Allow func(host string, port uint16) (ok, private bool)

	TLS *tls.Config // nil: the system's roots; for tests
}

// Answer is what came, whatever its status.
type Answer struct {
	Status int
	Type   string
	Body   []byte
}

// Ask asks, without a proxy, cookies or credentials, and reads the whole
// answer. A GET follows redirections to hosts that are allowed; a POST follows
// none. ctx bounds the time.
func Ask(ctx context.Context, q Question) (*Answer, error) {
	a, err := ask(ctx, q)
	if err != nil {
		return nil, fmt.Errorf("webget: %w", err)
	}
	return a, nil
}

func ask(ctx context.Context, q Question) (*Answer, error) {
	if q.MaxBytes <= 0 || q.Allow == nil {
		return nil, errors.New("a bound and who may be asked are required")
	}
	u, err := url.Parse(q.URL)
	if len(q.URL) > maxURL || err != nil || q.Method != http.MethodGet && q.Method != http.MethodPost {
		return nil, ErrURL
	}
	if err := q.check(u, nil); err != nil {
		return nil, err
	}
	var body io.Reader
	if q.Method == http.MethodPost {
		body = bytes.NewReader(q.Body)
	}
	req, err := http.NewRequestWithContext(ctx, q.Method, u.String(), body)
	if err != nil {
		return nil, ErrURL
	}
	req.Header.Set("User-Agent", "metatopia")
	if body != nil && q.Type != "" {
		if strings.ContainsFunc(q.Type, func(r rune) bool { return r < ' ' || r > '~' }) {
			return nil, fmt.Errorf("%w: the type is no plain text", ErrURL)
		}
		req.Header.Set("Content-Type", q.Type)
	}
	t := &http.Transport{
		TLSClientConfig: q.TLS, TLSHandshakeTimeout: connectTimeout, ResponseHeaderTimeout: headerTimeout,
		MaxResponseHeaderBytes: maxHeader, DisableCompression: true, DisableKeepAlives: true, DialContext: q.dial,
	}
	defer t.CloseIdleConnections()
	c := &http.Client{Transport: t, CheckRedirect: func(next *http.Request, via []*http.Request) error {
		if q.Method == http.MethodPost {
			return http.ErrUseLastResponse
		}
		if len(via) > maxRedirects {
			return fmt.Errorf("%w: more than %d redirections", ErrURL, maxRedirects)
		}
		return q.check(next.URL, via[len(via)-1].URL)
	}}
	resp, err := c.Do(req)
	if err != nil {
		return nil, plain(err)
	}
	defer resp.Body.Close()
	if resp.ContentLength > q.MaxBytes {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, resp.ContentLength, q.MaxBytes)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, q.MaxBytes+1))
	switch {
	case err != nil:
		return nil, plain(err)
	case int64(len(b)) > q.MaxBytes:
		return nil, fmt.Errorf("%w: more than %d bytes", ErrTooLarge, q.MaxBytes)
	}
	return &Answer{Status: resp.StatusCode, Type: resp.Header.Get("Content-Type"), Body: b}, nil
}

func (q *Question) check(u, before *url.URL) error {
	if err := check(u, before); err != nil {
		return err
	}
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	_, err := q.allowed(net.JoinHostPort(u.Hostname(), port))
	return err
}

// allowed tells whether the address may be a private one.
func (q *Question) allowed(address string) (private bool, err error) {
	host, p, err := net.SplitHostPort(address)
	port, perr := strconv.ParseUint(p, 10, 16)
	if err != nil || perr != nil {
		return false, fmt.Errorf("%w: port %q", ErrURL, p)
	}
	ok, private := q.Allow(strings.ToLower(host), uint16(port))
	if !ok {
		return false, fmt.Errorf("%w: %s", ErrDenied, address)
	}
	return private, nil
}

// dial looks at the address that is dialled, not at the name: a name may be
// resolved differently the next time.
func (q *Question) dial(ctx context.Context, network, address string) (net.Conn, error) {
	private, err := q.allowed(address)
	if err != nil {
		return nil, err
	}
	d := &net.Dialer{Timeout: connectTimeout, Control: func(_, at string, _ syscall.RawConn) error {
		if private {
			return unicast(at)
		}
		return public(at)
	}}
	return d.DialContext(ctx, network, address)
}

// unicast refuses what is no single host even where private addresses are
// allowed: multicast, broadcast, and the addresses of clouds' own services.
func unicast(address string) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %q", ErrPrivate, address)
	}
	a := ap.Addr().Unmap()
	if a.IsUnspecified() || a.IsMulticast() || a.IsLinkLocalUnicast() {
		return fmt.Errorf("%w: %s", ErrPrivate, a)
	}
	return nil
}
