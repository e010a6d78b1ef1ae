package scripting

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Web asks the web for a process. An error wraps ErrTooLarge, ErrRefused (not
// allowed), ErrNotUsable (no URL that can be asked) or ErrUnavailable; an end of
// the time is told by ctx.
type Web interface {
	Fetch(ctx context.Context, q WebQuestion) (*WebAnswer, error)
}

// WebQuestion is one request. Nothing of it is checked but the sizes.
type WebQuestion struct {
	Method, URL, Type string // GET or POST
	Body              []byte
	Most              int64 // bytes of an answer
	// Allow says whether a host may be asked at a port, and whether it may have
	// an address that is not of the public internet. It has to be asked for each
	// redirection and connection.
	Allow func(host string, port uint16) (ok, private bool)
}

// WebAnswer is what came, whatever its status.
type WebAnswer struct {
	Status int
	Type   string
	Body   []byte
}

// AnyHost in Grants.Web stands for every host of the public internet, at the
// ports 80 and 443. LocalHost begins a grant for a host that may have a private
// address.
const (
	AnyHost   = "any"
	LocalHost = "lan:"
)

// web is the decision about a host: a grant is HOST, HOST:PORT, any, or
// lan:HOST:PORT.
func (g Grants) web(host string, port uint16) (ok, private bool) {
	for _, grant := range g.Web {
		rest, local := strings.CutPrefix(grant, LocalHost)
		h, p, err := splitGrant(rest)
		if err != nil || h != host && (h != AnyHost || local) {
			continue
		}
		if p == port || p == 0 && (port == 80 || port == 443) {
			ok, private = true, private || local
		}
	}
	return ok, private
}

// splitGrant gives the host in lower case, and 0 for no port.
func splitGrant(s string) (host string, port uint16, err error) {
	host = strings.ToLower(s)
	if h, p, err := net.SplitHostPort(host); err == nil {
		n, err := strconv.ParseUint(p, 10, 16)
		if err != nil || n == 0 {
			return "", 0, fmt.Errorf("%w: port %q", ErrNotUsable, p)
		}
		host, port = h, uint16(n)
	} else if strings.HasPrefix(host, "[") || strings.Count(host, ":") == 1 {
		return "", 0, fmt.Errorf("%w: host %q", ErrNotUsable, s)
	}
	if host == "" || len(host) > maxHost || strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || r > '~' || strings.ContainsRune("/@?#%*", r) }) {
		return "", 0, fmt.Errorf("%w: host %q", ErrNotUsable, clean(s, maxHost))
	}
	return host, port, nil
}

// CheckWebGrant tells whether a text is a grant of Grants.Web; ErrNotUsable.
func CheckWebGrant(s string) error {
	rest, local := strings.CutPrefix(s, LocalHost)
	host, port, err := splitGrant(rest)
	if err == nil && local && (port == 0 || host == AnyHost) {
		err = fmt.Errorf("%w: %q: a host that may have a private address is granted with its port, as lan:HOST:PORT", ErrNotUsable, clean(s, maxHost))
	}
	if err == nil && host == AnyHost && port != 0 {
		err = fmt.Errorf("%w: %q: any goes without a port", ErrNotUsable, clean(s, maxHost))
	}
	return err
}

func (g Grants) checkWeb() error {
	if len(g.Web) > maxGrants {
		return fmt.Errorf("%w: grants for %d hosts", ErrTooLarge, len(g.Web))
	}
	for _, h := range slices.Clone(g.Web) {
		if err := CheckWebGrant(h); err != nil {
			return err
		}
	}
	return nil
}

// webBudget bounds how often a tree asks the web: a bucket of webBurst that gains
// one a second.
type webBudget struct {
	mu    sync.Mutex
	spent time.Duration // until when what was asked is paid for, on the table's clock
	open  int
}

// begin counts one question; false when there are too many.
func (b *webBudget) begin(now time.Duration) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open >= maxWebOpen || b.spent > now+(webBurst-1)*time.Second {
		return false
	}
	b.spent = max(b.spent, now) + time.Second
	b.open++
	return true
}

func (b *webBudget) end() {
	b.mu.Lock()
	b.open--
	b.mu.Unlock()
}
