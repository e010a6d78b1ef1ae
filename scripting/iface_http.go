package scripting

import (
	"context"
	"errors"
	"slices"
	"time"
)

// mt:http@1

func httpFuncs() []hostFunc {
	const m = "mt:http@1"
	return []hostFunc{
		fn(m, "get", "ii:i", forProcess, func(g *guest, s []uint64) {
			url, ok := g.text(s[0], s[1], maxURL)
			if !ok {
				ret(s, codeInvalid)
				return
			}
			ret(s, g.fetch(WebQuestion{Method: "GET", URL: url}))
		}),
		fn(m, "post", "iiiiii:i", forProcess, func(g *guest, s []uint64) {
			url, ok := g.text(s[0], s[1], maxURL)
			kind, ok2 := g.text(s[2], s[3], maxMediaType)
			switch {
			case !ok || !ok2:
				ret(s, codeInvalid)
				return
			case uint32(s[5]) > maxWebBody:
				ret(s, codeTooLarge)
				return
			}
			ret(s, g.fetch(WebQuestion{Method: "POST", URL: url, Type: kind, Body: slices.Clone(g.view(uint32(s[4]), uint32(s[5])))}))
		}),
		fn(m, "size", ":i", forProcess, func(g *guest, s []uint64) { ret(s, int32(len(g.answer().Body))) }),
		fn(m, "type", "ii:i", forProcess, func(g *guest, s []uint64) {
			ret(s, g.give(s[0], s[1], clean(g.answer().Type, maxMediaType)))
		}),
		fn(m, "read", "iii:i", forProcess, func(g *guest, s []uint64) {
			dst, n, body := g.view(uint32(s[1]), uint32(s[2])), 0, g.answer().Body
			if at := uint64(uint32(s[0])); at < uint64(len(body)) {
				n = copy(dst, body[at:])
			}
			ret(s, int32(n))
		}),
	}
}

var noAnswer WebAnswer

func (g *guest) answer() *WebAnswer {
	if r := g.p.rare; r != nil && r.answer != nil {
		return r.answer
	}
	return &noAnswer
}

// fetch asks the web; the answer before is gone in any case.
func (g *guest) fetch(q WebQuestion) int32 {
	a, r := g.p, g.p.more()
	a.dropAnswer()
	web := a.table.cfg.Web
	switch {
	case len(a.tree.grants.Web) == 0:
		return codeRefused
	case web == nil:
		return codeUnavailable
	case slices.ContainsFunc([]byte(q.URL), func(c byte) bool { return c <= ' ' || c > '~' }):
		return codeInvalid
	case !a.tree.web.begin(time.Duration(a.table.now())):
		return codeFull
	}
	q.Most, q.Allow = maxWebAnswer, a.tree.grants.web
	var got *WebAnswer
	var err error
	late := false
	g.outside(gasWorld, func() {
		defer a.tree.web.end()
		ctx, cancel := context.WithTimeout(lifetime{a.proc}, webTime)
		defer cancel()
		got, err = web.Fetch(ctx, q)
		late = errors.Is(ctx.Err(), context.DeadlineExceeded)
	})
	switch {
	case err != nil && late:
		return codeTimeout
	case errors.Is(err, ErrNotUsable):
		return codeInvalid
	case err != nil:
		return codeOf(err)
	case len(got.Body) > maxWebAnswer:
		return codeTooLarge
	case !a.tree.memory.Take(int64(len(got.Body))):
		return codeFull
	}
	r.answer = got
	return int32(got.Status)
}

// dropAnswer gives back the memory of the last answer.
func (a *actor) dropAnswer() {
	if r := a.rare; r != nil && r.answer != nil {
		a.tree.memory.Give(int64(len(r.answer.Body)))
		r.answer = nil
	}
}
