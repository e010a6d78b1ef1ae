package control

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// requests makes one of every request type.
func requests() []any {
	return []any{
		&Empty{}, &WatchRequest{}, &SayRequest{}, &SteerRequest{}, &WalkRequest{}, &ThrowRequest{}, &TouchRequest{},
		&InspectRequest{}, &SetSlotRequest{}, &LumpAddRequest{}, &LumpRequest{}, &SpawnRequest{}, &PsRequest{},
		&KillRequest{}, &TailRequest{}, &PsRequest{}, &SendRequest{}, &WorldCreateRequest{}, &JoinRequest{}, &SeedRequest{}, &AssetRequest{},
		&KeepRequest{}, &UnkeepRequest{}, &CheckpointRequest{}, &Mount{}, &MountName{}, &ScreenRequest{}, &ScreenActRequest{},
	}
}

// No bytes make a decoder or a check panic; what is taken and within bounds
// encodes to bytes that decode to the same and encode to the same again.
func FuzzRequest(f *testing.F) {
	for i, s := range []string{
		``, `{}`, `null`, `{"rate":5}`, `{"text":"hi"}`, `{"x":1e308,"z":-0}`, `{"to":{"x":1,"y":2,"z":3}}`,
		`{"thing":"aa","vel":{"x":1}}`, `{"data":"AAEC","pin":true}`, `{"cid":"x","args":["a"]}`, `{"pid":18446744073709551615}`,
		`{"name":"\ud800","at":{}}`, `[`, `{"text":"a"}x`,
	} {
		f.Add(uint8(i), []byte(s))
	}
	f.Fuzz(func(t *testing.T, kind uint8, data []byte) {
		all := requests()
		req := all[int(kind)%len(all)]
		codec := jsonCodec{"json"}
		if codec.Unmarshal(data, req) != nil || check(req) != nil {
			return
		}
		once, err := codec.Marshal(req)
		if err != nil {
			t.Fatalf("%T: %v", req, err)
		}
		again := reflect.New(reflect.TypeOf(req).Elem()).Interface()
		if err := codec.Unmarshal(once, again); err != nil {
			t.Fatalf("%T: %s: %v", req, once, err)
		}
		if err := check(again); err != nil {
			t.Fatalf("%T: %s: in bounds before, now %v", req, once, err)
		}
		twice, err := codec.Marshal(again)
		if err != nil || string(twice) != string(once) {
			t.Fatalf("%T: %s became %s (%v)", req, once, twice, err)
		}
	})
}

// Every request but the few without content has bounds.
func TestEveryRequestIsChecked(t *testing.T) {
	for _, req := range requests() {
		switch req.(type) {
		case *Empty, *PsRequest:
			continue
		}
		if _, ok := req.(checker); !ok {
			t.Errorf("%T has no check", req)
		}
	}
}

// Field names are the protocol: each is set, camel case, and none has slipped
// to Go's own.
// Messages are appended to the buffer that Connect hands over, in the form that
// Marshal has; otherwise sending a file takes memory in proportion to it.
func TestMessagesAreAppended(t *testing.T) {
	var codec interface {
		Marshal(any) ([]byte, error)
		MarshalAppend([]byte, any) ([]byte, error)
	} = jsonCodec{}
	for _, v := range []any{&SayRequest{Text: "<a> & b\u2028\n"}, &LumpChunk{Data: make([]byte, 1000)}, &Empty{}} {
		want, err := codec.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		dst := make([]byte, 3, 64<<10)
		got, err := codec.MarshalAppend(dst, v)
		if err != nil || !bytes.Equal(got[3:], want) || &got[0] != &dst[0] {
			t.Errorf("%T: %.80q, want %.80q, %v", v, got[3:], want, err)
		}
	}
	if _, err := codec.MarshalAppend(nil, make(chan int)); err == nil {
		t.Error("a channel was written")
	}
}

func TestJSONNames(t *testing.T) {
	for _, v := range append(requests(), &StatusResponse{}, &Frame{}, &InspectResponse{}, &Process{}, &LumpChunk{}, &LogLine{}, &Asset{}) {
		typ := reflect.TypeOf(v).Elem()
		for i := range typ.NumField() {
			name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			if name == "" || name[0] < 'a' || name[0] > 'z' || strings.ContainsAny(name, "_-") {
				t.Errorf("%s.%s has the JSON name %q", typ, typ.Field(i).Name, name)
			}
		}
	}
	b, err := json.Marshal(Pose{ID: "a"})
	if err != nil || string(b) != `{"id":"a","p":[0,0,0],"r":[0,0,0,0],"v":[0,0,0]}` {
		t.Errorf("%s %v", b, err)
	}
}

func TestTokenFileIsPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "url")
	if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := WriteTokenFile(path, "secret"); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := os.ReadFile(path); info.Mode().Perm() != 0o600 || string(b) != "secret\n" {
		t.Errorf("mode %v, content %q", info.Mode().Perm(), b)
	}
}

func TestShortTokenIsRefused(t *testing.T) {
	if _, err := NewServer(Config{Backend: (*Client)(nil), Token: "short"}); err == nil {
		t.Error("a short token was taken")
	}
}

func TestClipKeepsRunesWhole(t *testing.T) {
	if got := clip("aé", 2); got != "a" {
		t.Errorf("%q", got)
	}
}

// No response has null where a list belongs.
func TestListsAreNeverNull(t *testing.T) {
	for _, res := range []any{
		&StatusResponse{}, &PeersResponse{}, &NeighboursResponse{}, &InspectResponse{}, &LumpListResponse{}, &PsResponse{}, &AssetFormatsResponse{},
		&DoctorResponse{}, &WorldInfo{}, &Region{}, &SayResponse{}, &WalkResponse{}, &ThrowResponse{}, &TickResponse{}, &Lump{},
		&SpawnResponse{}, &Empty{},
	} {
		complete(res)
		b, err := json.Marshal(res)
		if err != nil || strings.Contains(string(b), "null") {
			t.Errorf("%T: %s %v", res, b, err)
		}
	}
}
