// Package webget reads one resource from the web over http or https, within
// bounds. Whoever lets somebody else choose the address must set PublicOnly:
// otherwise the machine's own services and its neighbours' can be reached.
package webget

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Options of Get.
type Options struct {
	MaxBytes   int64 // longest body taken; required
	PublicOnly bool  // refuse addresses that are not of the public internet, and proxies

	TLS *tls.Config // nil: the system's roots; for tests
	// Stall ends a transfer in which no byte came for so long; 0: a minute.
	Stall time.Duration
}

// Bounds of one Get.
const (
	maxURL         = 4096
	maxRedirects   = 5
	connectTimeout = 10 * time.Second
	headerTimeout  = 30 * time.Second
	maxHeader      = 64 << 10
	defaultStall   = time.Minute
)

// Why an address or an answer is refused.
var (
	ErrURL      = errors.New("not an address that can be fetched")
	ErrPrivate  = errors.New("not an address of the public internet")
	ErrTooLarge = errors.New("too large")
	ErrStatus   = errors.New("the server refused")
	ErrStall    = errors.New("the server stopped sending")
)

// Response is an answer whose body is being read. A body that is longer than
// allowed ends in ErrTooLarge, one that stops in ErrStall, one that is cut
// short in io.ErrUnexpectedEOF.
type Response struct {
	Body io.ReadCloser
	Size int64  // as the server says, -1 when it does not
	URL  string // where it came from, after redirections
}

// Is tells a web address from a file's name.
func Is(s string) bool {
	scheme, _, ok := strings.Cut(s, "://")
	return ok && (strings.EqualFold(scheme, "http") || strings.EqualFold(scheme, "https"))
}

// Get asks for a resource. The body ends with ctx.
func Get(ctx context.Context, address string, o Options) (*Response, error) {
	if o.MaxBytes <= 0 {
		return nil, errors.New("webget: a bound is required")
	}
	if o.Stall <= 0 {
		o.Stall = defaultStall
	}
	u, err := url.Parse(address)
	if len(address) > maxURL || err != nil {
		return nil, fmt.Errorf("webget: %w", ErrURL) // the error would show a password
	}
	if err := check(u, nil); err != nil {
		return nil, fmt.Errorf("webget: %w", err)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	resp, err := do(ctx, u, o)
	if err != nil {
		cancel(nil)
		return nil, fmt.Errorf("webget: %w", err)
	}
	b := &body{in: resp.Body, left: o.MaxBytes, ctx: ctx, cancel: cancel}
	b.stall = time.AfterFunc(o.Stall, func() { cancel(ErrStall) })
	b.wait = o.Stall
	return &Response{Body: b, Size: resp.ContentLength, URL: resp.Request.URL.Redacted()}, nil
}

func do(ctx context.Context, u *url.URL, o Options) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, ErrURL
	}
	req.Header.Set("User-Agent", "metatopia")
	d := &net.Dialer{Timeout: connectTimeout}
	t := &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: o.TLS, TLSHandshakeTimeout: connectTimeout,
		ResponseHeaderTimeout: headerTimeout, MaxResponseHeaderBytes: maxHeader,
		DisableCompression: true, // the bytes as they are: they get a name
		DisableKeepAlives:  true,
	}
	if o.PublicOnly {
		t.Proxy = nil
		// The address that is dialled, not the name: a name may be resolved
		// differently the next time.
		d.Control = func(_, address string, _ syscall.RawConn) error { return public(address) }
	}
	t.DialContext = d.DialContext
	c := &http.Client{Transport: t, CheckRedirect: func(next *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects {
			return fmt.Errorf("%w: more than %d redirections", ErrURL, maxRedirects)
		}
		return check(next.URL, via[len(via)-1].URL)
	}}
	resp, err := c.Do(req)
	if err != nil {
		return nil, plain(err)
	}
	switch {
	case resp.StatusCode != http.StatusOK:
		err = fmt.Errorf("%w: %d %s", ErrStatus, resp.StatusCode, http.StatusText(resp.StatusCode))
	case resp.ContentLength > o.MaxBytes:
		err = fmt.Errorf("%w: %d bytes, at most %d", ErrTooLarge, resp.ContentLength, o.MaxBytes)
	}
	if err != nil {
		resp.Body.Close()
		return nil, err
	}
	return resp, nil
}

// plain takes off the address, which the caller knows.
func plain(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// check refuses what is not http or https, credentials, and a step from https
// back to http.
func check(u, before *url.URL) error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("%w: only http and https", ErrURL)
	case u.User != nil:
		return fmt.Errorf("%w: it holds a name or a password", ErrURL)
	case u.Hostname() == "" || u.Opaque != "":
		return fmt.Errorf("%w: it names no host", ErrURL)
	case before != nil && before.Scheme == "https" && u.Scheme == "http":
		return fmt.Errorf("%w: redirected from https to http", ErrURL)
	}
	return nil
}

// special are the ranges that netip does not know as private.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"),       // this network
	netip.MustParsePrefix("100.64.0.0/10"),   // carriers' NAT
	netip.MustParsePrefix("192.0.0.0/24"),    // protocol assignments
	netip.MustParsePrefix("192.0.2.0/24"),    // documentation
	netip.MustParsePrefix("198.18.0.0/15"),   // benchmarks
	netip.MustParsePrefix("198.51.100.0/24"), // documentation
	netip.MustParsePrefix("203.0.113.0/24"),  // documentation
	netip.MustParsePrefix("240.0.0.0/4"),     // reserved, broadcast
	netip.MustParsePrefix("::/96"),           // IPv4 in disguise
	netip.MustParsePrefix("64:ff9b::/96"),    // NAT64: leads to IPv4
	netip.MustParsePrefix("64:ff9b:1::/48"),  // local NAT64
	netip.MustParsePrefix("100::/64"),        // discarded
	netip.MustParsePrefix("2001::/23"),       // protocol assignments, Teredo
	netip.MustParsePrefix("2001:db8::/32"),   // documentation
	netip.MustParsePrefix("2002::/16"),       // 6to4: leads to IPv4
	netip.MustParsePrefix("fec0::/10"),       // site-local
}

func public(address string) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %q", ErrPrivate, address)
	}
	a := ap.Addr().Unmap().WithZone("")
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLoopback() || ap.Addr().Zone() != "" {
		return fmt.Errorf("%w: %s", ErrPrivate, a)
	}
	for _, p := range special {
		if p.Contains(a) {
			return fmt.Errorf("%w: %s", ErrPrivate, a)
		}
	}
	return nil
}

// body is bounded in bytes and in silence.
type body struct {
	in     io.ReadCloser
	left   int64
	ctx    context.Context
	cancel context.CancelCauseFunc
	stall  *time.Timer
	wait   time.Duration
	once   sync.Once
	err    error // the first one: what was cut short must never look whole
}

func (b *body) Read(p []byte) (n int, err error) {
	if b.err != nil {
		return 0, b.err
	}
	defer func() { b.err = err }()
	// One byte more than is allowed tells that it is too long.
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err = b.in.Read(p)
	if n > 0 {
		b.stall.Reset(b.wait)
	}
	if b.left -= int64(n); b.left < 0 {
		return 0, fmt.Errorf("webget: %w", ErrTooLarge)
	}
	if err != nil && err != io.EOF {
		if errors.Is(context.Cause(b.ctx), ErrStall) {
			err = ErrStall
		}
		err = fmt.Errorf("webget: %w", err)
	}
	return n, err
}

func (b *body) Close() error {
	b.once.Do(func() {
		b.stall.Stop()
		b.cancel(nil)
	})
	return b.in.Close()
}
