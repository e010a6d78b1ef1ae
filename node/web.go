package node

import (
	"context"
	"errors"
	"fmt"

	"github.com/metatopia/metatopia/internal/webget"
	"github.com/metatopia/metatopia/scripting"
)

// webAsker asks the web for processes. Whom a process may ask is in the
// question.
type webAsker struct{}

// Fetch implements scripting.Web.
func (webAsker) Fetch(ctx context.Context, q scripting.WebQuestion) (*scripting.WebAnswer, error) {
	a, err := webget.Ask(ctx, webget.Question{Method: q.Method, URL: q.URL, Type: q.Type, Body: q.Body, MaxBytes: q.Most, Allow: q.Allow})
	if err != nil {
		return nil, webError(err)
	}
	return &scripting.WebAnswer{Status: a.Status, Type: a.Type, Body: a.Body}, nil
}

// webError marks what a guest is told by a code of its own.
func webError(err error) error {
	switch {
	case errors.Is(err, webget.ErrDenied), errors.Is(err, webget.ErrPrivate):
		return fmt.Errorf("%w: %w", scripting.ErrRefused, err)
	case errors.Is(err, webget.ErrTooLarge):
		return fmt.Errorf("%w: %w", scripting.ErrTooLarge, err)
	case errors.Is(err, webget.ErrURL):
		return fmt.Errorf("%w: %w", scripting.ErrNotUsable, err)
	}
	return fmt.Errorf("%w: %w", scripting.ErrUnavailable, err)
}
