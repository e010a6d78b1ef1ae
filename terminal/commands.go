package terminal

import (
	"context"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/metatopia/metatopia/node/control"
)

// World is the part of a node that a session uses; *control.Client is one.
type World interface {
	Watch(ctx context.Context, req *control.WatchRequest, send func(*control.Frame) error) error
	Say(ctx context.Context, req *control.SayRequest) (*control.SayResponse, error)
	Walk(ctx context.Context, req *control.WalkRequest) (*control.WalkResponse, error)
	Throw(ctx context.Context, req *control.ThrowRequest) (*control.ThrowResponse, error)
	Touch(ctx context.Context, req *control.TouchRequest) (*control.TickResponse, error)
	ThingCreate(ctx context.Context, req *control.ThingCreateRequest) (*control.ThingResponse, error)
	ThingDo(ctx context.Context, req *control.ThingDoRequest) (*control.ThingResponse, error)
	Tell(ctx context.Context, req *control.TellRequest) (*control.ThingResponse, error)
	Inspect(ctx context.Context, req *control.InspectRequest) (*control.InspectResponse, error)
	RegionPassword(ctx context.Context, req *control.RegionPasswordRequest) (*control.RegionPasswordResponse, error)
	AccessAct(ctx context.Context, req *control.AccessActRequest) (*control.AccessActResponse, error)
	Block(ctx context.Context, req *control.BlockRequest) (*control.BlocksResponse, error)
	Unblock(ctx context.Context, req *control.BlockRequest) (*control.BlocksResponse, error)
	Blocks(ctx context.Context) (*control.BlocksResponse, error)
	AdminStatus(ctx context.Context, req *control.AdminRequest) (*control.AdminStatus, error)
	AdminLog(ctx context.Context, req *control.AdminLogRequest) (*control.AdminLogResponse, error)
	AdminAct(ctx context.Context, req *control.AdminActRequest) (*control.AdminActResponse, error)
	AccessReport(ctx context.Context, req *control.AdminRequest) (*control.AccessReport, error)
	RegionRules(ctx context.Context, req *control.RegionRulesRequest) (*control.RegionRules, error)
	RegionServers(ctx context.Context, req *control.RegionServersRequest) (*control.RegionServers, error)
}

// job is the part of a command that asks the node: it runs in the session's
// worker and gives what to tell.
type job func(ctx context.Context, w World) ([]line, error)

// outcome is what a command does at once, and what it asks the node for.
type outcome struct {
	lines []line
	job   job
	quit  bool
	wide  *bool // switch between screen and plain lines
	// secret, when set, takes the next line, which is shown nowhere.
	secret func(typed string) job
}

// run finds what a typed line means. It changes nothing but what undo is about.
func (m *model) run(typed string) outcome {
	typed = strings.TrimSpace(typed)
	if text, ok := strings.CutPrefix(typed, "'"); ok {
		typed = "say " + text
	}
	typed = plainly(typed)
	verb, arg, _ := strings.Cut(typed, " ")
	verb, arg = strings.ToLower(verb), strings.TrimSpace(arg)
	yes, no := true, false
	switch verb {
	case "":
		return outcome{}
	case "help", "h", "?":
		return help(arg)
	case "look", "l":
		return outcome{lines: m.look()}
	case "who":
		return outcome{lines: m.who()}
	case "quit", "exit", "bye":
		return outcome{quit: true}
	case "screen":
		return outcome{wide: &yes}
	case "plain":
		return outcome{wide: &no}
	case "say":
		return say(arg)
	case "go", "g", "walk":
		return m.goTo(arg)
	case "touch", "use":
		return m.onThing(arg, "touch what?", func(e control.Entity) outcome {
			return outcome{job: func(ctx context.Context, w World) ([]line, error) {
				_, err := w.Touch(ctx, &control.TouchRequest{Thing: e.ID})
				return lines(plain, "You touch "+the(e)+"."), err
			}}
		})
	case "inspect", "examine", "x":
		return m.onThing(arg, "inspect what?", func(e control.Entity) outcome {
			return outcome{job: func(ctx context.Context, w World) ([]line, error) {
				res, err := w.Inspect(ctx, &control.InspectRequest{Thing: e.ID})
				if err != nil {
					return nil, err
				}
				return inspected(res), nil
			}}
		})
	case "throw":
		return m.throw(arg)
	case "admins", "admin":
		return admins(arg)
	}
	if o, ok := m.withThings(verb, arg); ok {
		return o
	}
	if _, ok := compassWord(verb); ok {
		return m.goTo(typed)
	}
	if out, ok := m.access(verb, arg); ok {
		return out
	}
	if out, ok := m.office(verb, arg); ok {
		return out
	}
	return complain("I do not know %q. Type help.", cut(clean(verb), 20))
}

func complain(format string, args ...any) outcome {
	return outcome{lines: lines(yellow, fmt.Sprintf(format, args...))}
}

func lines(st style, texts ...string) []line {
	out := make([]line, len(texts))
	for i, t := range texts {
		out[i] = line{st, t}
	}
	return out
}

// admins says who administers a region; "" is the one that the avatar is in.
func admins(name string) outcome {
	return outcome{job: func(ctx context.Context, w World) ([]line, error) {
		s, err := w.AdminStatus(ctx, &control.AdminRequest{Region: name})
		if err != nil {
			return nil, err
		}
		texts := []string{clean(s.Region)}
		for _, l := range s.Text() {
			texts = append(texts, clean(l))
		}
		return lines(plain, texts...), nil
	}}
}

// say shows nothing itself: the line comes back as heard.
func say(text string) outcome {
	if text == "" {
		return complain("say what?")
	}
	return outcome{job: func(ctx context.Context, w World) ([]line, error) {
		_, err := w.Say(ctx, &control.SayRequest{Text: text})
		return nil, err
	}}
}

// goTo understands, in this order: coordinates, a direction, a region, a
// person or thing.
func (m *model) goTo(arg string) outcome {
	me, ok := m.entities[m.me]
	switch {
	case arg == "":
		return complain("go where? A region, a name, 12,-30, or north")
	case !ok:
		return complain("You are nowhere yet.")
	}
	if x, z, ok := twoNumbers(arg); ok {
		return walkTo(control.Point{X: x, Z: z}, fmt.Sprintf("%.0f,%.0f", round(x), round(z)))
	}
	way, rest, _ := strings.Cut(strings.TrimPrefix(arg, "to "), " ")
	if c, ok := compassWord(way); ok {
		far := stride
		if rest != "" {
			f, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSuffix(strings.TrimSpace(rest), "m"), " "), 64)
			if err != nil || !(f > 0 && f <= 10000) {
				return complain("how far is %q?", cut(clean(rest), 20))
			}
			far = f
		}
		to := control.Point{X: me.Pos.X + compass[c].x*far, Z: me.Pos.Z + compass[c].z*far}
		return walkTo(to, "the "+compass[c].long)
	}
	arg = strings.TrimPrefix(arg, "to ")
	if r, ok := m.regionNamed(arg); ok {
		return outcome{job: func(ctx context.Context, w World) ([]line, error) {
			res, err := w.Walk(ctx, &control.WalkRequest{Region: r.Name})
			if err != nil {
				return nil, err
			}
			return lines(plain, fmt.Sprintf("You walk to %s, %.0f m.", name(r.Name), res.Distance)), nil
		}}
	}
	if e, ok := m.find(arg, func(e control.Entity) bool { return e.ID != m.me }); ok {
		return walkTo(e.Pos, the(e))
	}
	return complain("I see no place, person or thing called %q.", cut(clean(arg), 30))
}

func walkTo(p control.Point, words string) outcome {
	return outcome{job: func(ctx context.Context, w World) ([]line, error) {
		res, err := w.Walk(ctx, &control.WalkRequest{To: &p})
		if err != nil {
			return nil, err
		}
		return lines(plain, fmt.Sprintf("You walk to %s, %.0f m.", words, res.Distance)), nil
	}}
}

func (m *model) onThing(words, empty string, then func(control.Entity) outcome) outcome {
	if words == "" {
		return complain("%s", empty)
	}
	e, ok := m.find(words, func(e control.Entity) bool { return e.ID != m.me })
	if !ok {
		return complain("I see no %q here.", cut(clean(words), 30))
	}
	return then(e)
}

// Throwing: metres per second forwards and up. 9 and 4 carry a ball about
// seven metres.
const throwForward, throwUp = 9.0, 4.0

func (m *model) throw(arg string) outcome {
	me, ok := m.entities[m.me]
	if !ok || arg == "" {
		return complain("throw what?")
	}
	x, z := facing(me.Rot)
	way := "ahead"
	words := arg
	if what, whom, ok := strings.Cut(arg, " at "); ok {
		e, ok := m.find(whom, func(e control.Entity) bool { return e.ID != m.me })
		if !ok {
			return complain("I see no %q here.", cut(clean(whom), 30))
		}
		d := distance(me.Pos, e.Pos)
		if d > 0.1 {
			x, z = (e.Pos.X-me.Pos.X)/d, (e.Pos.Z-me.Pos.Z)/d
		}
		words, way = what, "at "+the(e)
	} else if i := strings.LastIndexByte(arg, ' '); i > 0 {
		if c, ok := compassWord(arg[i+1:]); ok {
			x, z = compass[c].x, compass[c].z
			words, way = arg[:i], "to the "+compass[c].long
		}
	}
	return m.onThing(words, "throw what?", func(e control.Entity) outcome {
		vel := control.Point{X: x * throwForward, Y: throwUp, Z: z * throwForward}
		return outcome{job: func(ctx context.Context, w World) ([]line, error) {
			_, err := w.Throw(ctx, &control.ThrowRequest{Thing: e.ID, Vel: vel})
			return lines(plain, "You throw "+the(e)+" "+way+"."), err
		}}
	})
}

// the is what a thing or a person is called within a sentence.
func the(e control.Entity) string {
	if e.Kind == kindAvatar {
		return name(e.Name)
	}
	n := label(e)
	if strings.HasPrefix(strings.ToLower(n), "the ") {
		return n
	}
	return "the " + n
}

func compassWord(s string) (int, bool) {
	s = strings.ToLower(s)
	for i, c := range compass {
		if s == strings.ToLower(c.short) || s == c.long || s == strings.ReplaceAll(c.long, "-", "") {
			return i, true
		}
	}
	return 0, false
}

// twoNumbers parses x,z or x,y,z with commas or spaces; y is dropped.
func twoNumbers(s string) (x, z float64, ok bool) {
	f := strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
	if len(f) != 2 && len(f) != 3 {
		return 0, 0, false
	}
	x, err1 := strconv.ParseFloat(f[0], 64)
	z, err2 := strconv.ParseFloat(f[len(f)-1], 64)
	ok = err1 == nil && err2 == nil && math.Abs(x) <= control.MaxCoordinate && math.Abs(z) <= control.MaxCoordinate
	return x, z, ok
}
