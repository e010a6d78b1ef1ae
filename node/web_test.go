package node

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/metatopia/metatopia/scripting"
)

func TestWebAsker(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		w.Header().Set("Content-Type", "text/x-echo")
		w.WriteHeader(201)
		_, _ = w.Write(append([]byte(r.Method+" "+r.Header.Get("Content-Type")+" "), b...)) // who does not read it fails below
	}))
	defer s.Close()
	q := scripting.WebQuestion{Method: "POST", URL: s.URL, Type: "text/x", Body: []byte("body"), Most: 100,
		Allow: func(host string, _ uint16) (bool, bool) { return host == "127.0.0.1", true }}
	a, err := webAsker{}.Fetch(t.Context(), q)
	if err != nil || a.Status != 201 || a.Type != "text/x-echo" || string(a.Body) != "POST text/x body" {
		t.Errorf("%+v %v", a, err)
	}
	for _, c := range []struct {
		change func(*scripting.WebQuestion)
		want   error
	}{
		{func(q *scripting.WebQuestion) { q.Allow = func(string, uint16) (bool, bool) { return false, false } }, scripting.ErrRefused},
		{func(q *scripting.WebQuestion) { q.Allow = func(string, uint16) (bool, bool) { return true, false } }, scripting.ErrRefused}, // loopback
		{func(q *scripting.WebQuestion) { q.URL = "ftp://127.0.0.1/" }, scripting.ErrNotUsable},
		{func(q *scripting.WebQuestion) { q.Most = 3 }, scripting.ErrTooLarge},
		{func(q *scripting.WebQuestion) { q.URL = "http://127.0.0.1:1/" }, scripting.ErrUnavailable},
	} {
		q := q
		c.change(&q)
		if a, err := (webAsker{}).Fetch(t.Context(), q); !errors.Is(err, c.want) {
			t.Errorf("%+v %v, want %v", a, err, c.want)
		}
	}
}
