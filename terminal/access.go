package terminal

import (
	"context"
	"strings"

	"github.com/metatopia/metatopia/node/control"
)

// access finds what a command about people means; false when it is none.
func (m *model) access(verb, arg string) (outcome, bool) {
	switch verb {
	case "block", "unblock":
	case "blocks":
		return outcome{job: func(ctx context.Context, w World) ([]line, error) {
			r, err := w.Blocks(ctx)
			if err != nil {
				return nil, err
			}
			return blocked(r), nil
		}}, true
	case "password":
		return outcome{secret: func(word string) job { return enter(arg, word) }, lines: lines(plain, "Password, then Enter (an empty line ends it):")}, true
	default:
		return outcome{}, false
	}
	if arg == "" {
		return complain("%s whom?", verb), true
	}
	if verb == "unblock" {
		return outcome{job: func(ctx context.Context, w World) ([]line, error) {
			_, err := w.Unblock(ctx, &control.BlockRequest{Player: arg})
			return lines(plain, "You see and hear "+name(arg)+" again."), err
		}}, true
	}
	who, things := strings.CutSuffix(undashed(arg), " things")
	player := m.person(who)
	return outcome{job: func(ctx context.Context, w World) ([]line, error) {
		_, err := w.Block(ctx, &control.BlockRequest{Player: player, Things: things})
		return lines(plain, "You see and hear nothing more of "+name(who)+either(things, ", nor what they own.", ".")), err
	}}, true
}

// person is the key of the one person in view who is called so, or what was
// typed: the node knows more. Parts of a name are not enough to send the
// nearest one out.
func (m *model) person(words string) string {
	words = strings.TrimSpace(words)
	found := ""
	for _, e := range m.sorted(func(e control.Entity) bool { return e.Kind == kindAvatar && e.ID != m.me && e.Owner != "" }) {
		if !strings.EqualFold(clean(e.Name), words) || e.Owner == found {
			continue
		}
		if found != "" {
			return words // two of them: the node says so
		}
		found = e.Owner
	}
	if found != "" {
		return found
	}
	return words
}

// enter shows a password to a region.
func enter(region, word string) job {
	return func(ctx context.Context, w World) ([]line, error) {
		r, err := w.RegionPassword(ctx, &control.RegionPasswordRequest{Region: region, Do: "enter", Password: []byte(word)})
		if err != nil {
			return nil, err
		}
		return lines(plain, "The password of "+name(r.Region)+" is right."), nil
	}
}

func blocked(r *control.BlocksResponse) []line {
	if len(r.Blocks) == 0 {
		return lines(plain, "You have blocked nobody.")
	}
	var names []string
	for _, b := range r.Blocks {
		n := b.Name
		if n == "" {
			n = b.Key[:min(8, len(b.Key))]
		}
		names = append(names, name(n)+either(b.Things, " (and what they own)", ""))
	}
	return lines(plain, "Blocked: "+strings.Join(names, ", ")+".")
}
