package node

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/metatopia/metatopia/node/control"
	"github.com/metatopia/metatopia/scripting/guest"
)

// guestBook keeps what people say to it, and who has said most.
const guestBook = `
function on_heard(who, text)
  local name = text:match("^sign (%a+)$")
  if name then
    ask(1, {{"add", "n/" .. name, 1}, {"put", "last", {by = name, at = tick()}}})
  elseif text == "read" then
    ask(2, {{"get", "last"}, {"list", "n/"}})
  end
end

function on_answer(items, why, tag)
  if why then
    say("The book is shut: " .. why)
  elseif tag == 1 then
    say(items[1].key:sub(3) .. " is here for time " .. items[1].value)
  else
    local names = {}
    for i = 2, #items do
      names[i - 1] = items[i].key:sub(3) .. " " .. items[i].value
    end
    say("Last " .. tostring(items[1].value and items[1].value.by) .. "; " .. table.concat(names, ", "))
  end
end
`

// hears is heard for what begins so.
func (s *watched) hears(start string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.ContainsFunc(s.chat, func(l string) bool { return strings.HasPrefix(l, start) })
}

// TestGuestBook: a thing keeps things in the region's store, which outlast the
// thing and the region's being served; without a store it is told so.
func TestGuestBook(t *testing.T) {
	needGuest(t, guest.Lua)
	home := t.TempDir()
	n := startNode(t, Config{Name: "Ada", Home: home, Guests: guest.FS()})
	found(t, n)
	must(n.Backend().RegionSeed(t.Context(), &control.SeedRequest{Name: "Hearthside", Furnish: "hearth"}))(t)
	seen := watch(t, n)
	waitFor(t, "the lamp", func() bool { _, ok := seen.named("lamp"); return ok })
	waitFor(t, "an avatar", func() bool { st, err := n.Backend().Status(t.Context()); return err == nil && st.InRegion != "" })
	must(n.Backend().ScriptAdd(t.Context(), &control.ScriptAddRequest{Name: "book.lua", Text: guestBook, Thing: "lamp", License: "MIT", Author: "Ada"}))(t)
	until := func(line, want string) {
		t.Helper()
		waitFor(t, want, func() bool {
			_, _ = n.Backend().Say(t.Context(), &control.SayRequest{Text: line}) // too many at once are refused
			return seen.hears(want)
		})
	}
	store := func(req control.RegionStoreRequest) *control.RegionStore {
		t.Helper()
		return must(n.Backend().RegionStore(t.Context(), &req))(t)
	}
	until("read", "lamp: The book is shut: none")
	for place, want := range map[string]control.Code{"nosuch:x": control.Invalid, "postgres://me:secret@127.0.0.1:1/db": control.Unavailable} {
		if _, err := n.Backend().RegionStore(t.Context(), &control.RegionStoreRequest{Place: place}); control.CodeOf(err) != want || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", place, err)
		}
	}
	if s := store(control.RegionStoreRequest{Place: "bolt"}); s.Here != "open" || s.ID == "" {
		t.Fatalf("%+v", s)
	}
	until("sign bob", "lamp: bob is here for time 1")
	until("sign eve", "lamp: eve is here for time 1")
	until("read", "lamp: Last eve; bob ")
	first := store(control.RegionStoreRequest{})
	if first.Done == 0 || first.Error != "" {
		t.Errorf("%+v", first)
	}
	stopNode(t, n)

	// Opened again by itself.
	n = startNode(t, Config{Name: "Ada", Home: home, Guests: guest.FS()})
	seen = watch(t, n)
	waitFor(t, "an avatar", func() bool { st, err := n.Backend().Status(t.Context()); return err == nil && st.InRegion != "" })
	until("read", "lamp: Last eve; bob ")
	if s := store(control.RegionStoreRequest{}); s.ID != first.ID || s.Here != "open" {
		t.Errorf("after a restart: %+v", s)
	}
	// Another store in its place is not the region's.
	if _, err := n.Backend().RegionStore(t.Context(), &control.RegionStoreRequest{Place: "bolt:other.db"}); control.CodeOf(err) != control.Conflict {
		t.Errorf("another store: %v", err)
	}
	until("sign eve", "lamp: eve is here for time ")
	if s := store(control.RegionStoreRequest{None: true}); s.Here != "none" || s.ID != "" {
		t.Errorf("taken away: %+v", s)
	}
	until("read", "lamp: The book is shut: none")
	if list, err := os.ReadDir(n.home.path("stores")); err != nil || len(list) != 1 {
		t.Errorf("the file of the store is gone: %v %v", list, err)
	}
}
