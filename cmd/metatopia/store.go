package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/region/slots"
	"github.com/metatopia/metatopia/region/slots/open"
)

type storeCmd struct {
	Check storeCheckCmd `cmd:"" help:"Connect to a store and try what it promises."`
}

type storeCheckCmd struct {
	Place   string        `arg:"" optional:"" help:"bolt, bolt:FILE, postgres://... or etcd://...; bolt." default:"bolt"`
	Timeout time.Duration `help:"How long to try." default:"30s"`
}

func (storeCheckCmd) Help() string {
	return `A store keeps values for longer than a region's memory: in a file, in PostgreSQL
or in etcd. This connects, makes what is needed there, tries a few transactions
under keys of its own, deletes them and says what it found. region store gives one
to a region.

  bolt:FILE                             a file; slots.db in the data directory
  postgres://USER:PASS@HOST/DB?schema=NAME   tables in a schema (metatopia)
  etcd://HOST:PORT,HOST:PORT/PREFIX     keys below a prefix (metatopia)

Example:
  metatopia store check
  metatopia store check postgres://me@localhost/world`
}

type storeChecked struct {
	Engine    string   `json:"engine"`
	Server    string   `json:"server"`
	Place     string   `json:"place"`
	Isolation string   `json:"isolation"`
	Head      uint64   `json:"head"`
	Compacted uint64   `json:"compacted"`
	TookMS    float64  `json:"took_ms"`
	Passed    []string `json:"passed"`
}

func (c storeCheckCmd) Run(ctx context.Context, e *environment) error {
	if err := open.Check(c.Place); err != nil {
		return control.Errorf(control.Invalid, "see `metatopia store check --help`", "%w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	s, err := open.Open(ctx, c.Place, filepath.Join(e.Home, "store"))
	if err != nil {
		return control.Errorf(control.Unavailable, "is the server there, and may this user in?", "%w", oneLineError(err))
	}
	defer s.Close()
	r, err := slots.Check(ctx, s)
	if err != nil {
		return control.Errorf(control.Unavailable, "", "%w", oneLineError(err))
	}
	v := storeChecked{r.About.Engine, r.About.Server, r.About.Place, r.About.Isolation, uint64(r.About.Head), uint64(r.About.Compacted), float64(r.Took.Microseconds()) / 1000, r.Passed}
	return e.show(v, func(w io.Writer) {
		fmt.Fprintf(w, "engine\t%s\nserver\t%s\nplace\t%s\nisolation\t%s\nversion\t%d, older than %d forgotten\ntransaction\t%.1f ms\n", v.Engine, oneLine(v.Server), oneLine(v.Place), v.Isolation, v.Head, v.Compacted, v.TookMS)
		for _, p := range v.Passed {
			fmt.Fprintf(w, "ok\t%s\n", p)
		}
	})
}

// oneLineError is an error whose text has one line: servers say more.
func oneLineError(err error) error { return errors.New(strings.Join(strings.Fields(err.Error()), " ")) }
