package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"

	"github.com/metatopia/metatopia/internal/webget"
	"github.com/metatopia/metatopia/node/control"
)

// fetch adds what an address leads to. The person chose the address, so the
// machine's own services may be reached.
func (c lumpAddCmd) fetch(ctx context.Context, e *environment, call func(next func() ([]byte, error)) error) error {
	if !webget.Is(c.Source) {
		return usagef("fetch it with another tool: TOOL | metatopia lump add -", "lump add: only http and https addresses")
	}
	most, err := parseSize(c.Max)
	if err != nil || most == 0 {
		return usagef("write it like 500M or 20G", "lump add: --max %q is not a size", c.Max)
	}
	r, err := webget.Get(ctx, c.Source, webget.Options{MaxBytes: most})
	if err != nil {
		return addError(err)
	}
	defer r.Body.Close()
	if u, err := url.Parse(c.Source); err == nil && u.String() != r.URL {
		e.note("redirected to %s", r.URL)
	}
	p := newProgress(e, "adding", max(r.Size, 0))
	err = call(chunks(r.Body, p))
	p.done()
	return addError(err)
}

func addError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, webget.ErrTooLarge):
		return control.Errorf(control.TooLarge, "allow more with --max SIZE", "lump add: %w", err)
	case errors.Is(err, webget.ErrURL):
		return usagef("an address looks like https://example.org/photo.jpg", "lump add: %w", err)
	}
	if _, ok := errors.AsType[*control.Error](err); ok {
		return err
	}
	return fmt.Errorf("lump add: %w", err)
}
