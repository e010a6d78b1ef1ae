package control

import "fmt"

// ThingCreateRequest makes a thing of the caller's near the avatar.
type ThingCreateRequest struct {
	Name  string  `json:"name"`
	Kind  string  `json:"kind,omitempty"`  // default: box or ball
	Shape string  `json:"shape,omitempty"` // box (default) | sphere
	Size  Point   `json:"size"`            // metres; default 0.5 each; a sphere's diameter is x
	Color string  `json:"color,omitempty"` // #rrggbb
	At    *Point  `json:"at,omitempty"`    // default: in front of the avatar
	Mass  float64 `json:"mass,omitempty"`  // kg; default: that of light wood
	Fixed bool    `json:"fixed,omitempty"` // never moves by itself
}

// What ThingDoRequest.Do may be.
const (
	DoMove     = "move"     // At
	DoGive     = "give"     // To; "": nobody
	DoTake     = "take"     // what is nobody's, or what is mine and a neighbour brought
	DoLend     = "lend"     // To, Seconds
	DoReturn   = "return"   // end the loan
	DoDelete   = "delete"   //
	DoUndelete = "undelete" // by its id
)

// ThingDoRequest does something with a thing.
type ThingDoRequest struct {
	Do      string  `json:"do"`
	Thing   string  `json:"thing"`        // id or name
	To      string  `json:"to,omitempty"` // name of a person in sight, or key
	At      *Point  `json:"at,omitempty"`
	Seconds float64 `json:"seconds,omitempty"`
}

// TellRequest tells a thing something: the program in the slot of the verb's
// name gets it, else the thing's script.
type TellRequest struct {
	Thing string `json:"thing"` // id or name
	Verb  string `json:"verb"`
	Text  string `json:"text,omitempty"`
}

// ThingResponse says which thing it was, and where and when it happened.
type ThingResponse struct {
	Thing  string `json:"thing"`
	Region string `json:"region"`
	Tick   uint64 `json:"tick"`
}

// MaxLoanSeconds bounds a loan.
const MaxLoanSeconds = 30 * 86400

func (r *ThingCreateRequest) check() error {
	at := Point{}
	if r.At != nil {
		at = *r.At
	}
	if r.Mass < 0 || r.Mass > 1e5 {
		return fmt.Errorf("a mass of %g kg, between 0 and 100000", r.Mass)
	}
	return first(text("the name", r.Name, 1, MaxNameBytes), text("the kind", r.Kind, 0, MaxNameBytes), text("the shape", r.Shape, 0, MaxNameBytes),
		text("the colour", r.Color, 0, MaxNameBytes), point("the size", r.Size, MaxCoordinate), point("the place", at, MaxCoordinate))
}

func (r *ThingDoRequest) check() error {
	at := Point{}
	if r.At != nil {
		at = *r.At
	}
	if r.Seconds < 0 || r.Seconds > MaxLoanSeconds {
		return fmt.Errorf("a loan of %g s, between 0 and %d", r.Seconds, MaxLoanSeconds)
	}
	return first(text("what to do", r.Do, 1, MaxNameBytes), text("the thing", r.Thing, 1, MaxIDBytes), text("the person", r.To, 0, MaxIDBytes), point("the place", at, MaxCoordinate))
}

func (r *TellRequest) check() error {
	return first(text("the thing", r.Thing, 1, MaxIDBytes), text("the verb", r.Verb, 1, MaxNameBytes), text("the message", r.Text, 0, MaxTextBytes))
}
