package control_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/control/controltest"
)

// site is a server's web side under test.
type site struct {
	b          *controltest.Backend
	base, host string // http://127.0.0.1:port, 127.0.0.1:port
	port       string
	token      string
	url        string
}

func serveWeb(t *testing.T, assets fstest.MapFS) site {
	t.Helper()
	b := controltest.New()
	s, err := control.NewServer(control.Config{Backend: b})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close(context.Background()) })
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var private string
	if assets == nil {
		private, err = s.ServeWeb(ln, nil)
	} else {
		private, err = s.ServeWeb(ln, assets)
	}
	if err != nil {
		t.Fatal(err)
	}
	b.SetEndpoints(private, "127.0.0.1:23")
	host := ln.Addr().String()
	_, port, _ := net.SplitHostPort(host)
	return site{b: b, base: "http://" + host, host: host, port: port, token: s.Token(), url: private}
}

type header map[string]string

// do sends one request on a connection of its own.
func (s site) do(t *testing.T, method, path string, h header, body io.Reader) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.base+path, body)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range h {
		if k == "Host" {
			req.Host = v
			continue
		}
		req.Header.Set(k, v)
	}
	tr := &http.Transport{DisableKeepAlives: true, DisableCompression: true}
	res, err := tr.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(text)
}

// good are the headers of a call that the page itself makes.
func (s site) good() header {
	return header{
		"Content-Type": "application/json", "Authorization": "Bearer " + s.token,
		"Origin": s.base, "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty",
	}
}

const sayPath = "/metatopia.v1.Node/Say"

func TestEveryMethodOverTheWeb(t *testing.T) {
	s := serveWeb(t, nil)
	c := control.DialWeb(s.base, s.token)
	defer c.Close()
	everyMethod(t, s.b, c)
	if err := c.Watch(t.Context(), &control.WatchRequest{}, func(f *control.Frame) error {
		if !f.Full {
			t.Error("first frame is not full")
		}
		return io.EOF
	}); err != io.EOF {
		t.Errorf("Watch: %v", err)
	}
}

// TestThePageAsAnAdmin: what can be taken back, and nothing of who administers a
// region or what roles may do.
func TestThePageAsAnAdmin(t *testing.T) {
	s := serveWeb(t, nil)
	c := control.DialWeb(s.base, s.token)
	defer c.Close()
	for do, may := range map[string]bool{"kick": true, "mute": true, "unmute": true, "role": true,
		"invite": true, "list": true, "unlist": true, "ban-branch": false, "unban-branch": false, "settings": false} {
		if _, err := c.AccessAct(t.Context(), &control.AccessActRequest{Do: do, Player: "Ben"}); (err == nil) != may || !may && control.CodeOf(err) != control.Denied {
			t.Errorf("%s: %v", do, err)
		}
	}
	for do, may := range map[string]bool{"ban": true, "unban": true,
		"appoint": false, "remove": false, "set": false, "resign": false, "out": false, "in": false, "rotate": false} {
		if _, err := c.AdminAct(t.Context(), &control.AdminActRequest{Do: do, Player: "Ben"}); (err == nil) != may || !may && control.CodeOf(err) != control.Denied {
			t.Errorf("%s: %v", do, err)
		}
	}
	yes, days, role, people := true, uint32(60), "guest", []string{"Ben"}
	for i, c := range []struct {
		err error
		may bool
	}{
		{second(c.AccessAct(t.Context(), &control.AccessActRequest{Do: "settings", Settings: &control.AccessSettings{Whitelist: &yes}})), true},
		{second(c.AccessAct(t.Context(), &control.AccessActRequest{Do: "settings", Settings: &control.AccessSettings{Whitelist: &yes, Default: &role}})), false},
		{second(c.AccessAct(t.Context(), &control.AccessActRequest{Do: "settings", Settings: &control.AccessSettings{Whitelist: &yes, May: map[string][]string{"guest": {"script"}}}})), false},
		{second(c.AccessAct(t.Context(), &control.AccessActRequest{Do: "settings", Settings: &control.AccessSettings{}})), false},
		{second(c.AdminAct(t.Context(), &control.AdminActRequest{Do: "set", Settings: &control.AdminSettings{VacantDays: &days, TempMayNotBan: &yes}})), true},
		{second(c.AdminAct(t.Context(), &control.AdminActRequest{Do: "set", Settings: &control.AdminSettings{VacantDays: &days, Successors: &people}})), false},
		{second(c.RegionRules(t.Context(), &control.RegionRulesRequest{Copyleft: &yes})), true},
	} {
		if (c.err == nil) != c.may || !c.may && control.CodeOf(c.err) != control.Denied {
			t.Errorf("settings %d: %v", i, c.err)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// The web side stops nothing and tells no secret.
func TestWebSideIsLessThanTheSocket(t *testing.T) {
	s := serveWeb(t, nil)
	c := control.DialWeb(s.base, s.token)
	defer c.Close()
	if err := c.Shutdown(t.Context()); control.CodeOf(err) != control.NotImplemented {
		t.Errorf("Shutdown over the web: %v (%v)", err, control.CodeOf(err))
	}
	if _, err := c.LumpAccept(t.Context(), &control.LumpAcceptRequest{Peer: "p"}); control.CodeOf(err) != control.NotImplemented {
		t.Errorf("LumpAccept over the web: %v", err)
	}
	for name, err := range packagesOfWeb(t, c) { //lint:sorted each on its own
		if control.CodeOf(err) != control.NotImplemented {
			t.Errorf("%s from the web side: %v", name, err)
		}
	}
	if _, err := c.LumpRefuse(t.Context(), &control.LumpAcceptRequest{Peer: "p"}); control.CodeOf(err) != control.NotImplemented {
		t.Errorf("LumpRefuse over the web: %v", err)
	}
	if calls := s.b.Calls(); len(calls) != 0 {
		t.Errorf("the node was called: %v", calls)
	}
	st, err := c.Status(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if st.WebURL != "" || st.Home != "" {
		t.Errorf("Status over the web tells %q and %q", st.WebURL, st.Home)
	}
	if st.Telnet == "" || st.Key == "" {
		t.Errorf("Status over the web has lost something: %+v", st)
	}
	for _, path := range []string{"/debug/pprof/", "/metrics"} {
		if res, _ := s.do(t, "GET", path, nil, nil); res.StatusCode != http.StatusNotFound {
			t.Errorf("%s over the web: %d", path, res.StatusCode)
		}
	}
}

// Each row changes one thing about a good call. What is refused has no effect.
func TestCallsOfOthersAreRefused(t *testing.T) {
	s := serveWeb(t, nil)
	for _, tt := range []struct {
		name   string
		change header // "" removes
		status int
	}{
		{"good", nil, 200},
		{"good by localhost", header{"Host": "localhost:" + s.port, "Origin": "http://localhost:" + s.port}, 200},
		{"good by ::1", header{"Host": "[::1]:" + s.port, "Origin": "http://[::1]:" + s.port}, 200},
		{"good without a browser", header{"Origin": "", "Sec-Fetch-Site": "", "Sec-Fetch-Mode": "", "Sec-Fetch-Dest": ""}, 200},
		{"rebinding", header{"Host": "evil.example", "Origin": "http://evil.example"}, 421},
		{"rebinding with the port", header{"Host": "evil.example:" + s.port, "Origin": "http://evil.example:" + s.port}, 421},
		{"host without port", header{"Host": "127.0.0.1"}, 421},
		{"host with another port", header{"Host": "127.0.0.1:1"}, 421},
		{"host suffix", header{"Host": "127.0.0.1:" + s.port + ".evil.example"}, 421},
		{"no token", header{"Authorization": ""}, 403},
		{"empty token", header{"Authorization": "Bearer "}, 403},
		{"wrong token", header{"Authorization": "Bearer " + strings.Repeat("A", len(s.token))}, 403},
		{"token cut short", header{"Authorization": "Bearer " + s.token[:len(s.token)-1]}, 403},
		{"token under another scheme", header{"Authorization": "Basic " + s.token}, 403},
		{"token in a cookie", header{"Authorization": "", "Cookie": "token=" + s.token}, 403},
		{"other origin", header{"Origin": "http://evil.example"}, 403},
		{"other port", header{"Origin": "http://127.0.0.1:1"}, 403},
		{"other name of this host", header{"Origin": "http://localhost:" + s.port}, 403},
		{"https", header{"Origin": "https://" + s.host}, 403},
		{"null origin", header{"Origin": "null"}, 403},
		{"cross-site without origin", header{"Origin": "", "Sec-Fetch-Site": "cross-site"}, 403},
		{"same-site", header{"Sec-Fetch-Site": "same-site"}, 403},
		{"cross-site navigation", header{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}, 403},
		{"form content type", header{"Content-Type": "text/plain"}, 415},
		{"protobuf", header{"Content-Type": "application/proto"}, 415},
		{"grpc", header{"Content-Type": "application/grpc+json"}, 415},
		{"odd charset", header{"Content-Type": "application/json; charset=utf-16"}, 415},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := s.good()
			for k, v := range tt.change {
				h[k] = v
				if v == "" {
					delete(h, k)
				}
			}
			before := len(s.b.Calls())
			res, body := s.do(t, "POST", sayPath, h, strings.NewReader(`{"text":"hello"}`))
			if res.StatusCode != tt.status {
				t.Errorf("status %d, want %d: %s", res.StatusCode, tt.status, body)
			}
			called := len(s.b.Calls()) - before
			if want := map[bool]int{true: 1, false: 0}[tt.status == 200]; called != want {
				t.Errorf("the node was called %d times", called)
			}
			if strings.Contains(body, s.token) {
				t.Error("the answer holds the token")
			}
			if cors := res.Header.Get("Access-Control-Allow-Origin"); cors != "" {
				t.Errorf("Access-Control-Allow-Origin: %s", cors)
			}
		})
	}
	t.Run("GET", func(t *testing.T) {
		if res, _ := s.do(t, "GET", sayPath+`?message={"text":"x"}&encoding=json&connect=v1`, s.good(), nil); res.StatusCode != 405 {
			t.Errorf("status %d", res.StatusCode)
		}
	})
	t.Run("preflight", func(t *testing.T) {
		h := header{"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
		if res, _ := s.do(t, "OPTIONS", sayPath, h, nil); res.StatusCode < 400 || res.Header.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("status %d, headers %v", res.StatusCode, res.Header)
		}
	})
	t.Run("two origins", func(t *testing.T) {
		req, _ := http.NewRequestWithContext(t.Context(), "POST", s.base+sayPath, strings.NewReader(`{"text":"x"}`))
		for k, v := range s.good() {
			req.Header.Set(k, v)
		}
		req.Header["Origin"] = []string{s.base, "http://evil.example"}
		res, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != 403 {
			t.Errorf("status %d", res.StatusCode)
		}
	})
	t.Run("stream without token", func(t *testing.T) {
		c := control.DialWeb(s.base, "wrong")
		defer c.Close()
		err := c.Watch(t.Context(), &control.WatchRequest{}, func(*control.Frame) error { return io.EOF })
		if control.ExitCode(err) != control.ExitDenied || control.HintOf(err) == "" || !strings.Contains(err.Error(), "token") {
			t.Errorf("%v, exit %d, hint %q", err, control.ExitCode(err), control.HintOf(err))
		}
	})
}

// Too much, malformed or dangerous requests get a clear answer and never reach
// the node.
func TestRequestsOutOfBounds(t *testing.T) {
	s := serveWeb(t, nil)
	long := strings.Repeat("x", control.MaxTextBytes+1)
	for _, tt := range []struct{ name, path, body, words string }{
		{"oversized", "Say", `{"text":"` + strings.Repeat("x", control.MaxRequestBytes) + `"}`, "larger than configured max"},
		{"too long", "Say", `{"text":"` + long + `"}`, "the limit is 512"},
		{"empty", "Say", `{}`, "text is empty"},
		{"nothing", "Say", ``, "text is empty"},
		{"escape sequence", "Say", `{"text":"\u001b[2J"}`, "control character"},
		{"bidirectional override", "Say", `{"text":"a\u202eb"}`, "control character"},
		{"not json", "Say", `{"text"`, "unmarshal"},
		{"trailing", "Say", `{"text":"a"} {"text":"b"}`, "after the JSON value"},
		{"wrong type", "Say", `{"text":5}`, "unmarshal"},
		{"deep", "Say", strings.Repeat("[", 50000), "unmarshal"},
		{"nowhere", "Walk", `{}`, "exactly one"},
		{"both", "Walk", `{"to":{"x":1},"region":"Commons"}`, "exactly one"},
		{"too far", "Walk", `{"to":{"x":1e300}}`, "out of bounds"},
		{"too fast", "Throw", `{"vel":{"x":1e9}}`, "out of bounds"},
		{"not a number", "Steer", `{"x":NaN}`, "unmarshal"},
		{"no thing", "Touch", `{}`, "thing is missing"},
		{"thing with a space", "Inspect", `{"thing":"a b"}`, "not printable ASCII"},
		{"neither", "Spawn", `{}`, "exactly one"},
		{"pid", "Kill", `{}`, "pid is missing"},
		{"link", "Join", `{"link":"` + strings.Repeat("l", control.MaxLinkBytes+1) + `"}`, "the limit is"},
		{"name", "WorldCreate", `{"name":""}`, "name is empty"},
		{"slot", "SetSlot", `{"thing":"a","slot":{"name":"n","type":"text","value":"` + strings.Repeat("v", control.MaxSlotBytes+1) + `"}}`, "the limit is"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			res, body := s.do(t, "POST", "/metatopia.v1.Node/"+tt.path, s.good(), strings.NewReader(tt.body))
			if res.StatusCode < 400 || !strings.Contains(body, tt.words) {
				t.Errorf("status %d, %s; want words %q", res.StatusCode, body, tt.words)
			}
		})
	}
	t.Run("gzip bomb", func(t *testing.T) {
		var z bytes.Buffer
		w := gzip.NewWriter(&z)
		_, _ = io.WriteString(w, `{"text":"`)
		_, _ = w.Write(make([]byte, 64<<20))
		w.Close()
		h := s.good()
		h["Content-Encoding"] = "gzip"
		res, body := s.do(t, "POST", sayPath, h, &z)
		if res.StatusCode < 400 || !strings.Contains(body, "larger than configured max") {
			t.Errorf("status %d, %.200s", res.StatusCode, body)
		}
	})
	t.Run("chunk", func(t *testing.T) {
		c := control.DialWeb(s.base, s.token)
		defer c.Close()
		_, err := c.LumpAdd(t.Context(), false, func() ([]byte, error) { return make([]byte, control.MaxChunkBytes+5000), nil })
		if control.CodeOf(err) != control.TooLarge && control.CodeOf(err) != control.Invalid {
			t.Errorf("%v (%v)", err, control.CodeOf(err))
		}
	})
	for _, call := range s.b.Calls() {
		if !strings.HasPrefix(call, "lump-add") {
			t.Errorf("the node was called: %s", call)
		}
	}
}

func TestPrivateURL(t *testing.T) {
	s := serveWeb(t, nil)
	u, err := url.Parse(s.url)
	if err != nil {
		t.Fatal(err)
	}
	if u.Host != s.host || u.Path != "/" || u.RawQuery != "" || u.Fragment != "token="+s.token {
		t.Errorf("the token must be in the fragment only: %s", s.url)
	}
	if len(s.token) < 43 {
		t.Errorf("the token has %d characters", len(s.token))
	}
	if other := serveWeb(t, nil); other.token == s.token {
		t.Error("two servers have the same token")
	}
}

func TestServeWebRefusesOtherAddresses(t *testing.T) {
	s, err := control.NewServer(control.Config{Backend: controltest.New()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(context.Background())
	ln, err := net.Listen("tcp", "0.0.0.0:0")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.ServeWeb(ln, nil); err == nil {
		t.Error("the page is served to the network")
	}
}

// packagesOfWeb calls what only the owner may do with packages.
func packagesOfWeb(t *testing.T, c *control.Client) map[string]error {
	out := map[string]error{}
	_, out["install"] = c.PkgInstall(t.Context(), &control.PkgInstallRequest{Ref: "greeter"})
	_, out["update"] = c.PkgUpdate(t.Context(), &control.PkgInstallRequest{})
	_, out["remove"] = c.PkgRemove(t.Context(), &control.PkgRequest{Ref: "greeter"})
	_, out["draft"] = c.PkgDraft(t.Context(), &control.PkgDraftRequest{})
	_, out["seal"] = c.PkgSeal(t.Context(), &control.PkgSealRequest{})
	_, out["publish"] = c.PkgPublish(t.Context(), &control.PkgPublishRequest{Ref: "greeter"})
	_, out["servers"] = c.RegionServers(t.Context(), &control.RegionServersRequest{Do: control.ServersStatus})
	return out
}
