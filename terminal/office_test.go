package terminal

import (
	"strings"
	"testing"

	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/node/control/controltest"
)

// TestOffice: what those who look after a region type, as here and as on the
// command line, asks the node for the same; nothing is done to somebody whose
// name is only part of what was typed.
func TestOffice(t *testing.T) {
	m := newModel()
	m.apply(&control.Frame{Full: true, Me: "1", In: "r1", Upsert: []control.Entity{
		{ID: "2", Kind: kindAvatar, Name: "Ben", Owner: "bbbb"}, {ID: "3", Kind: kindAvatar, Name: "Eve One", Owner: "eeee"},
		{ID: "4", Kind: kindAvatar, Name: "Twin", Owner: "cccc"}, {ID: "5", Kind: kindAvatar, Name: "Twin", Owner: "dddd"}}})
	for _, c := range []struct{ typed, asks, says string }{
		{"kick ben", "access-act  kick bbbb  0 ", "may come back"},
		{"kick be", "access-act  kick be  0 ", "be is sent"},
		{"kick Twin", "access-act  kick Twin  0 ", ""},
		{"admin kick Ben --reason \"too loud\"", "access-act  kick bbbb  0 too loud", ""},
		{"kick eve one reason too loud", "access-act  kick eeee  0 too loud", ""},
		{"mute Ben for 10m", "access-act  mute bbbb  600 ", "Nobody here hears Ben"},
		{"admin mute Eve One --for 10m --reason x", "access-act  mute eeee  600 x", ""},
		{"mute Ben for ever", "", "for how long"},
		{"unmute Ben", "access-act  unmute bbbb  0 ", "heard again"},
		{"ban Ben", "admin-act  ban bbbb", "may not come in. (Entry 13 of Hearthside.)"},
		{"unban bbbb", "admin-act  unban bbbb", "may come in again"},
		{"admin ban Ben --branch", "access-act  ban-branch bbbb  0 ", "all whom they invited"},
		{"unban Ben branch", "access-act  unban-branch bbbb  0 ", ""},
		{"kick", "", "kick whom?"},
		{"role", "access-report ", "Roles in Hearthside"},
		{"role Ben builder", "access-act  role bbbb builder 0 ", "Ben is a builder"},
		{"role Eve One none", "access-act  role eeee none 0 ", "default role"},
		{"role Ben king", "", "no role"},
		{"role Ben", "", "which role"},
		{"role default guest", "access-act  settings   0 ", "guest now"},
		{"admin role --guest enter,speak", "access-act  settings   0 ", "enter, speak"},
		{"invite ffff0000 as resident", "access-act  invite ffff0000 resident 0 ", "invited as a resident"},
		{"admin invite Ben --role resident", "access-act  invite bbbb resident 0 ", ""},
		{"invite Ben", "access-act  invite bbbb guest 0 ", ""},
		{"invite", "", "invite whom?"},
		{"whitelist on", "access-act  settings   0 ", "Only admins"},
		{"whitelist add Ben", "access-act  list bbbb  0 ", "Ben is on"},
		{"admin whitelist remove Ben", "access-act  unlist bbbb  0 ", "is not on"},
		{"whitelist add", "", "whitelist on, off"},
		{"audit", "access-report ", "tries: 7"},
		{"audit nine", "", "how many"},
		{"log 5", "admin-log  0 5", "up to entry 12"},
		{"admin status Commons", "admin-status Commons", "Hearthside"},
		{"admins", "admin-status ", "Hearthside"},
		{"rules", "region-rules", "Hearthside"},
		{"region rules --copyleft", "region-rules", ""},
		{"rules what", "", "rules copyleft"},
		{"region status Hearthside", "region-servers status Hearthside", ""},
		{"servers", "region-servers status r1", ""},
		{"block Ben --things", "block bbbb true", "nor what they own"},
		{"kick nobody", "!", ""},
	} {
		b := controltest.New()
		out := m.run(c.typed)
		if c.asks == "" {
			if out.job != nil || len(out.lines) != 1 || !strings.Contains(out.lines[0].text, c.says) {
				t.Errorf("%q says %v", c.typed, out.lines)
			}
			continue
		}
		if out.job == nil {
			t.Errorf("%q does nothing and says %v", c.typed, out.lines)
			continue
		}
		said, err := out.job(t.Context(), b)
		if c.asks == "!" {
			if err == nil || problem(err).text != `nobody here is called "nobody" (give the whole key)` {
				t.Errorf("%q: %v", c.typed, err)
			}
			continue
		}
		calls := strings.Join(b.Calls(), "\n")
		if err != nil || !strings.Contains(calls, c.asks) || len(said) == 0 || !strings.Contains(said[0].text, c.says) {
			t.Errorf("%q asks for %q and says %v %v, want %q, %q", c.typed, calls, said, err, c.asks, c.says)
		}
	}
}

// TestReports: what a region says of its people names those in view, and shows
// no control characters of others.
func TestReports(t *testing.T) {
	m := newModel()
	m.apply(&control.Frame{Full: true, Upsert: []control.Entity{{ID: "2", Kind: kindAvatar, Name: "Ben", Owner: strings.Repeat("b", 64)}}})
	b := controltest.New()
	r, err := b.AccessReport(t.Context(), &control.AdminRequest{})
	if err != nil {
		t.Fatal(err)
	}
	r.Members[0].Key = strings.Repeat("b", 64)
	r.Audit[0].Text = "evil\x1b[2J"
	text := ""
	for _, l := range append(rolesOf(m.calling(), r), audit(m.calling(), r, 9)...) {
		text += l.text + "\n"
	}
	for _, want := range []string{"Ben (bbbbbbbb): resident, on the whitelist, invited by aaaaaaaa, muted for 1m0s", "builder (who was given none): enter, speak, create, script", "1m0s ago: aaaaaaaa invite"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if strings.Contains(text, "\x1b") {
		t.Errorf("%q", text)
	}
}

func TestHelpTopics(t *testing.T) {
	m := newModel()
	for topic, want := range map[string]string{"": "help admin", "things": "lend THING to WHO", "admin": "whitelist on", "kick": "they leave", "Move": "(move)", "fly": "There is no help"} {
		out, text := m.run("help "+topic), ""
		for _, l := range out.lines {
			text += l.text + "\n"
		}
		if !strings.Contains(text, want) {
			t.Errorf("help %s says\n%s", topic, text)
		}
		if n := len(out.lines); n > 17 { // it fits on a screen of 24 rows
			t.Errorf("help %s has %d lines", topic, n)
		}
	}
}
