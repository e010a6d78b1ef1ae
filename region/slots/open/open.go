// Package open picks an engine for slots by a text.
package open

import (
	"context"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/metatopia/metatopia/region/slots"
	"github.com/metatopia/metatopia/region/slots/bolt"
	"github.com/metatopia/metatopia/region/slots/etcd"
	"github.com/metatopia/metatopia/region/slots/postgres"
)

// Default is the engine that is there without anything to set up.
const Default = "bolt"

// ErrPlace: the text names no engine.
type ErrPlace struct{ place, why string }

func (e *ErrPlace) Error() string { return fmt.Sprintf("no store %s: %s", Hide(e.place), e.why) }

// Check tells whether a text names an engine, without looking for it.
func Check(place string) error {
	switch scheme, rest, _ := strings.Cut(place, ":"); scheme {
	case "", "bolt":
		if strings.HasPrefix(rest, "//") {
			return &ErrPlace{place, "want bolt or bolt:FILE"}
		}
		return nil
	case "postgres", "postgresql":
		if err := postgres.Check(place); err != nil {
			return &ErrPlace{place, err.Error()}
		}
	case "etcd", "etcds":
		if err := etcd.Check(place); err != nil {
			return &ErrPlace{place, err.Error()}
		}
	default:
		return &ErrPlace{place, "want bolt, bolt:FILE, postgres://USER:PASSWORD@HOST/DATABASE or etcd://HOST:PORT,HOST:PORT/PREFIX"}
	}
	return nil
}

// Open opens a store: "" or "bolt" is the file slots.db in dir, "bolt:FILE"
// another (in dir unless absolute), "postgres://..." and "etcd://..." are
// servers. It makes what the engine needs there.
func Open(ctx context.Context, place, dir string) (slots.Store, error) {
	if err := Check(place); err != nil {
		return nil, err
	}
	var e slots.Engine
	var err error
	switch scheme, rest, _ := strings.Cut(place, ":"); scheme {
	case "", "bolt":
		if rest == "" {
			rest = "slots.db"
		}
		if !filepath.IsAbs(rest) {
			rest = filepath.Join(dir, rest)
		}
		e, err = bolt.Open(rest, bolt.Options{})
	case "postgres", "postgresql":
		e, err = postgres.Open(ctx, place)
	default:
		e, err = etcd.Open(ctx, place)
	}
	if err != nil {
		return nil, err
	}
	return slots.New(e), nil
}

// Hide leaves the password out of a place, for people and logs.
func Hide(place string) string {
	u, err := url.Parse(place)
	if err != nil {
		scheme, _, _ := strings.Cut(place, ":")
		return scheme + ":..."
	}
	return u.Redacted()
}
