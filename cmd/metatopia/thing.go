package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/metatopia/metatopia/node/control"
)

type thingCmd struct {
	Create   thingCreateCmd   `cmd:"" help:"Make a thing of mine before me."`
	Show     thingShowCmd     `cmd:"" help:"What a thing is, whose, and its slots."`
	Set      thingSetCmd      `cmd:"" help:"Write a slot."`
	Move     thingMoveCmd     `cmd:"" help:"Put a thing somewhere near."`
	Give     thingGiveCmd     `cmd:"" help:"Make a thing somebody else's, or nobody's."`
	Take     thingTakeCmd     `cmd:"" help:"Take what is nobody's."`
	Lend     thingLendCmd     `cmd:"" help:"Let somebody use a thing for a while."`
	Return   thingReturnCmd   `cmd:"" help:"End a loan before its time."`
	Delete   thingDeleteCmd   `cmd:"" help:"Delete a thing of mine."`
	Undelete thingUndeleteCmd `cmd:"" help:"Have a deleted thing back, for ten minutes."`
}

func (e *environment) thingDone(r *control.ThingResponse, err error, what string) error {
	if err != nil {
		return err
	}
	return e.show(r, func(w io.Writer) {
		fmt.Fprintf(w, "%s\t%s\tin %s at tick %d\n", what, r.Thing, oneLine(r.Region), r.Tick)
	})
}

type thingCreateCmd struct {
	Name  string  `arg:"" help:"Its name."`
	Kind  string  `help:"What it is called as a kind; box or ball." placeholder:"KIND"`
	Shape string  `help:"box or sphere." enum:"box,sphere" default:"box"`
	Size  *place  `help:"Its size in metres; a sphere's diameter is X." placeholder:"X,Y,Z"`
	Color string  `help:"Its colour." placeholder:"#RRGGBB"`
	At    *place  `help:"Where its middle is; before me." placeholder:"X,Y,Z"`
	Mass  float64 `help:"Kilograms; those of light wood." placeholder:"KG"`
	Fixed bool    `help:"It never moves by itself, nor over a border."`
}

func (thingCreateCmd) Help() string {
	return `The thing is mine. It may be 4 m long and stand within 8 m of my avatar; a region
lets me have 64.

Example:
  metatopia thing create chest --color '#8b5a2b'
  metatopia thing create ball --shape sphere --size 0.4,0.4,0.4 --mass 0.5`
}

func (c thingCreateCmd) Run(ctx context.Context, e *environment) error {
	req := &control.ThingCreateRequest{Name: c.Name, Kind: c.Kind, Shape: c.Shape, Color: c.Color, Mass: c.Mass, Fixed: c.Fixed}
	if c.Size != nil {
		req.Size = control.Point(*c.Size)
	}
	if c.At != nil {
		at := control.Point(*c.At)
		req.At = &at
	}
	r, err := e.node().ThingCreate(ctx, req)
	return e.thingDone(r, err, "made")
}

type thingShowCmd struct {
	Thing string `arg:"" help:"Name or id of a thing in sight."`
}

func (c thingShowCmd) Run(ctx context.Context, e *environment) error {
	r, err := e.node().Inspect(ctx, &control.InspectRequest{Thing: c.Thing})
	if err != nil {
		return err
	}
	return e.show(r, func(w io.Writer) {
		x := &r.Entity
		fmt.Fprintf(w, "name\t%s\nid\t%s\nkind\t%s\nplace\t%s\nowner\t%s\n", oneLine(x.Name), x.ID, oneLine(x.Kind), at(x.Pos), either(x.Owner == "" || strings.Trim(x.Owner, "0") == "", "nobody", x.Owner))
		if r.Borrower != "" {
			fmt.Fprintf(w, "lent\tto %s for %v\n", r.Borrower, time.Duration(r.Left*float64(time.Second)).Round(time.Second))
		}
		if r.LastError != "" {
			fmt.Fprintf(w, "error\t%s\n", oneLine(r.LastError))
		}
		for _, s := range r.Slots {
			fmt.Fprintf(w, "slot %s\t%s\t%s\n", s.Name, s.Type, oneLine(s.Value))
		}
	})
}

type thingSetCmd struct {
	Thing string `arg:"" help:"Name or id of a thing."`
	Slot  string `arg:"" help:"Name of the slot."`
	Value string `arg:"" optional:"" help:"Its value; without it, the slot is deleted."`
	Type  string `help:"What the value is: int, text, bytes (hexadecimal), lump or bool." enum:"int,text,bytes,lump,bool" default:"text"`
}

func (thingSetCmd) Help() string {
	return `A lump in a slot is a program for the verb that the slot is called: metatopia tell.

Example:
  metatopia thing set lamp color 16711680 --type int
  metatopia thing set chest open bafy... --type lump`
}

func (c thingSetCmd) Run(ctx context.Context, e *environment) error {
	s := control.Slot{Name: c.Slot, Type: c.Type, Value: c.Value}
	if c.Value == "" {
		s.Type = "none"
	}
	x, err := e.node().Inspect(ctx, &control.InspectRequest{Thing: c.Thing})
	if err != nil {
		return err
	}
	r, err := e.node().SetSlot(ctx, &control.SetSlotRequest{Thing: x.Entity.ID, Slot: s})
	if err != nil {
		return err
	}
	return e.show(r, func(w io.Writer) { fmt.Fprintf(w, "set in %s at tick %d\n", oneLine(r.Region), r.Tick) })
}

type thingMoveCmd struct {
	Thing string `arg:"" help:"Name or id of a thing of mine, or lent to me."`
	To    place  `required:"" help:"Where its middle shall be." placeholder:"X,Y,Z"`
}

func (c thingMoveCmd) Run(ctx context.Context, e *environment) error {
	to := control.Point(c.To)
	r, err := e.node().ThingDo(ctx, &control.ThingDoRequest{Do: control.DoMove, Thing: c.Thing, At: &to})
	return e.thingDone(r, err, "moved")
}

type thingGiveCmd struct {
	Thing  string `arg:"" help:"Name or id of a thing of mine."`
	To     string `arg:"" optional:"" help:"Name of somebody in sight, or a key."`
	Nobody bool   `help:"Make it nobody's: who is first takes it."`
}

func (thingGiveCmd) Help() string {
	return `Example:
  metatopia thing give chest Bob
  metatopia thing give chest --nobody`
}

func (c thingGiveCmd) Run(ctx context.Context, e *environment) error {
	if (c.To == "") != c.Nobody {
		return control.Errorf(control.Invalid, "name somebody, or --nobody", "thing give: to whom?")
	}
	r, err := e.node().ThingDo(ctx, &control.ThingDoRequest{Do: control.DoGive, Thing: c.Thing, To: c.To})
	return e.thingDone(r, err, "given")
}

type thingTakeCmd struct {
	Thing string `arg:"" help:"Name or id of a thing within 4 m."`
}

func (c thingTakeCmd) Run(ctx context.Context, e *environment) error {
	r, err := e.node().ThingDo(ctx, &control.ThingDoRequest{Do: control.DoTake, Thing: c.Thing})
	return e.thingDone(r, err, "taken")
}

type thingLendCmd struct {
	Thing string        `arg:"" help:"Name or id of a thing of mine."`
	To    string        `arg:"" help:"Name of somebody in sight, or a key."`
	For   time.Duration `help:"How long, as 10m or 48h." required:"" placeholder:"TIME"`
}

func (thingLendCmd) Help() string {
	return `Until then they move it and write its slots; I neither give it away nor delete
it. Then it is mine to use again, wherever it is.

Example:
  metatopia thing lend chest Bob --for 10m`
}

func (c thingLendCmd) Run(ctx context.Context, e *environment) error {
	r, err := e.node().ThingDo(ctx, &control.ThingDoRequest{Do: control.DoLend, Thing: c.Thing, To: c.To, Seconds: c.For.Seconds()})
	return e.thingDone(r, err, "lent")
}

type thingReturnCmd struct {
	Thing string `arg:"" help:"Name or id of a thing that is lent, by me or to me."`
}

func (c thingReturnCmd) Run(ctx context.Context, e *environment) error {
	r, err := e.node().ThingDo(ctx, &control.ThingDoRequest{Do: control.DoReturn, Thing: c.Thing})
	return e.thingDone(r, err, "given back")
}

type thingDeleteCmd struct {
	Thing string `arg:"" help:"Name or id of a thing of mine."`
}

func (c thingDeleteCmd) Run(ctx context.Context, e *environment) error {
	r, err := e.node().ThingDo(ctx, &control.ThingDoRequest{Do: control.DoDelete, Thing: c.Thing})
	return e.thingDone(r, err, "deleted")
}

type thingUndeleteCmd struct {
	ID string `arg:"" help:"Its id, as delete has said."`
}

func (c thingUndeleteCmd) Run(ctx context.Context, e *environment) error {
	r, err := e.node().ThingDo(ctx, &control.ThingDoRequest{Do: control.DoUndelete, Thing: c.ID})
	return e.thingDone(r, err, "back")
}

type tellCmd struct {
	Thing string   `arg:"" help:"Name or id of a thing within 30 m."`
	Verb  string   `arg:"" help:"What it shall do."`
	Args  []string `arg:"" optional:"" help:"What the program gets with it."`
}

func (tellCmd) Help() string {
	return `The program in the thing's slot with the verb's name gets it; without one, the
thing's script gets the event "told". What comes of it is said, or seen.

Example:
  metatopia tell lamp on
  metatopia tell chest open wide`
}

func (c tellCmd) Run(ctx context.Context, e *environment) error {
	r, err := e.node().Tell(ctx, &control.TellRequest{Thing: c.Thing, Verb: c.Verb, Text: strings.Join(c.Args, " ")})
	return e.thingDone(r, err, "told")
}
