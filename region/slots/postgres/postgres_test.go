package postgres_test

import (
	"context"
	"os"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/region/slots"
	"github.com/metatopia/metatopia/region/slots/postgres"
	"github.com/metatopia/metatopia/region/slots/slotstest"
)

func TestMain(m *testing.M) {
	slotstest.Child(func(place string) (slots.Store, error) {
		e, err := postgres.Open(context.Background(), place)
		if err != nil {
			return nil, err
		}
		return slots.New(e), nil
	})
	os.Exit(m.Run())
}

// What is said of a wrong place does not hold the password.
func TestPlacesThatAreNone(t *testing.T) {
	for _, place := range []string{"postgres://u:secret@%zz/db", "postgres://u:secret@h/db?schema=a;b", "postgres://u:secret@h:99999999/db", "postgres://u:secret@127.0.0.1:1/db"} {
		_, err := postgres.Open(t.Context(), place)
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", place, err)
		}
	}
}
