package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/law"
)

type adminExportCmd struct {
	Region  string `arg:"" optional:"" help:"Name or id of the region; without it the one I am in."`
	Charter string `required:"" type:"path" help:"File for the charter." placeholder:"FILE"`
	Chain   string `type:"path" help:"File for the certificates." placeholder:"FILE"`
}

func (adminExportCmd) Help() string {
	return `The charter is what the region's roles begin with, signed by its founder. The
certificates lead from it to now. metatopia admin verify checks both.

Example:
  metatopia admin export Commons --charter commons.charter --chain commons.chain`
}

func (c adminExportCmd) Run(ctx context.Context, e *environment) error {
	p, err := e.node().AdminProof(ctx, &control.AdminRequest{Region: c.Region})
	if err != nil {
		return err
	}
	if err := os.WriteFile(c.Charter, p.Charter, 0o644); err != nil {
		return fmt.Errorf("admin export: %w", err)
	}
	if c.Chain != "" {
		if err := os.WriteFile(c.Chain, p.Chain, 0o644); err != nil {
			return fmt.Errorf("admin export: %w", err)
		}
	}
	return e.show(p, func(w io.Writer) {
		fmt.Fprintf(w, "%s: charter %d bytes, certificates %d bytes\n", p.Region, len(p.Charter), len(p.Chain))
	})
}

type adminVerifyCmd struct {
	Charter string        `required:"" type:"existingfile" help:"The region's charter." placeholder:"FILE"`
	Chain   string        `type:"existingfile" help:"Its certificates; without it those that the node in --home has kept." placeholder:"FILE"`
	MaxAge  time.Duration `help:"Refuse certificates that are older." placeholder:"60s"`
}

func (adminVerifyCmd) Help() string {
	return `Needs no node and no network. The charter's words make the region's id, its founder
has signed it, and each certificate is signed by more than half of the servers that
the one before names.

Example:
  metatopia admin verify --charter commons.charter --chain commons.chain`
}

// proven is what the files prove.
type proven struct {
	Region  string   `json:"region"`
	ID      string   `json:"id"`
	World   string   `json:"world"`
	Founder string   `json:"founder"`
	Epoch   uint64   `json:"epoch"`
	Index   uint64   `json:"index"`
	Since   uint64   `json:"since"`
	Time    string   `json:"time"`
	Age     float64  `json:"age"`
	Admins  []string `json:"admins"`
	Temp    string   `json:"temp,omitempty"`
	Servers []string `json:"servers"`
}

func (c adminVerifyCmd) Run(e *environment) error {
	charter, err := readSome(c.Charter)
	if err != nil {
		return fmt.Errorf("admin verify: %w", err)
	}
	k, err := law.Verify(charter, nil, law.VerifyKey)
	if err != nil {
		return control.Errorf(control.Corrupt, "", "admin verify: %w", err)
	}
	file := c.Chain
	if file == "" {
		file = filepath.Join(e.Home, "law", k.Charter.Genesis.Region.String()+".chain")
	}
	chain, err := readSome(file)
	if errors.Is(err, os.ErrNotExist) && c.Chain == "" {
		return control.Errorf(control.NotFound, "give a file with --chain", "admin verify: no certificates of this region are kept in %s", e.Home)
	}
	if err != nil {
		return fmt.Errorf("admin verify: %w", err)
	}
	if k, err = law.Verify(charter, chain, law.VerifyKey); err != nil {
		return control.Errorf(control.Corrupt, "", "admin verify: %w", err)
	}
	if k.Last == nil {
		return control.Errorf(control.NotFound, "", "admin verify: the file has no certificate")
	}
	if age := k.Age(time.Now()); c.MaxAge > 0 && age > c.MaxAge {
		return control.Errorf(control.Denied, "get a newer one: metatopia admin export", "admin verify: the newest certificate is %s old", age.Round(time.Second))
	}
	v := proven{Region: k.Charter.Name, ID: k.Charter.Genesis.Region.String(), World: k.Charter.World.String(), Founder: k.Charter.Genesis.Founder.String(),
		Epoch: k.Last.Epoch, Index: k.Last.Head.Index, Since: k.Last.Since, Time: time.UnixMilli(k.Last.Wall).UTC().Format(time.RFC3339), Age: k.Age(time.Now()).Seconds(),
		Admins: law.Texts(k.Last.Admins), Servers: law.Texts(k.Last.Servers)}
	if !k.Last.Temp.IsZero() {
		v.Temp = k.Last.Temp.String()
	}
	return e.show(v, func(w io.Writer) {
		fmt.Fprintf(w, "region\t%s (%s)\nfounder\t%s\n", v.Region, v.ID, v.Founder)
		for _, a := range v.Admins {
			fmt.Fprintf(w, "admin\t%s\n", a)
		}
		if v.Temp != "" {
			fmt.Fprintf(w, "temporary\t%s\n", v.Temp)
		}
		if v.Epoch > k.Charter.Genesis.Epoch {
			fmt.Fprintf(w, "epoch\t%d, begun by the founder\n", v.Epoch)
		}
		fmt.Fprintf(w, "since\tentry %d\nas of\tentry %d, %s\nsigned by\t%d servers\n", v.Since, v.Index, v.Time, len(k.Last.Signed))
	})
}

// readSome reads a file that is not larger than a chain may be.
func readSome(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, law.MaxFrame))
}
