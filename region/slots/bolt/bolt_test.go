package bolt_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/metatopia/metatopia/region/slots"
	"github.com/metatopia/metatopia/region/slots/bolt"
	"github.com/metatopia/metatopia/region/slots/slotstest"
)

func TestMain(m *testing.M) {
	slotstest.Child(func(place string) (slots.Store, error) { return open(place, true) })
	os.Exit(m.Run())
}

func open(path string, nosync bool) (slots.Store, error) {
	e, err := bolt.Open(path, bolt.Options{NoSync: nosync})
	if err != nil {
		return nil, err
	}
	return slots.New(e), nil
}

// lab is a file without waiting for the disk: kill -9 does not lose what the
// operating system has, and the disks of test machines differ by a factor of
// a hundred.
func lab(t testing.TB) slotstest.Lab {
	path := filepath.Join(t.TempDir(), "slots.db")
	return slotstest.Lab{
		Place: path,
		Open: func(t testing.TB) slots.Store {
			s, err := open(path, true)
			if err != nil {
				t.Fatal(err)
			}
			return s
		},
		Fresh:     lab,
		Histories: slotstest.Histories(50),
		Length:    200,
	}
}

func TestContract(t *testing.T) { slotstest.Run(t, lab(t)) }
