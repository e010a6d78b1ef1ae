package access

import (
	"testing"

	"github.com/metatopia/metatopia/internal/base"
)

// TestCases are what the rules are made for; docs/protocol/access.md names them.
func TestCases(t *testing.T) {
	for _, c := range []struct {
		name string
		run  func(p *place)
	}{
		{"a region that says nothing is open", func(p *place) {
			p.enters("zoe", OK)
			p.does("zoe", Enter|Speak|Touch|Throw|Create|Script|Tie|Invite, OK)
			p.does("zoe", Kick, MayNot)
			p.does("alice", All, OK)
		}},
		{"roles", func(p *place) {
			p.no(p.do("zoe", Entry{Kind: Assign, Player: key("zoe"), Role: Builder}), Right)
			s := DefaultSettings
			s.Default = Guest
			p.yes(p.do("alice", Entry{Kind: Configure, Settings: s}))
			p.does("zoe", Create, MayNot)
			p.yes(p.do("alice", Entry{Kind: Assign, Player: key("zoe"), Role: Resident}))
			p.does("zoe", Create|Tie, OK)
			p.does("zoe", Script, MayNot)
			p.yes(p.do("alice", Entry{Kind: Assign, Player: key("zoe"), Role: None}))
			p.does("zoe", Create, MayNot)
			p.no(p.do("alice", Entry{Kind: Assign, Player: key("zoe"), Role: Admin}), Value)
		}},
		{"what a role may do is a setting, but nobody below an admin bans", func(p *place) {
			s := DefaultSettings
			s.May[0] = Speak
			s.Default = Guest
			p.yes(p.do("alice", Entry{Kind: Configure, Settings: s}))
			p.enters("zoe", Barred)
			s.May[2] |= Ban
			p.no(p.do("alice", Entry{Kind: Configure, Settings: s}), Value)
			p.no(p.do("zoe", Entry{Kind: Configure, Settings: DefaultSettings}), Right)
		}},
		{"a kick is not a ban", func(p *place) {
			p.yes(p.do("alice", Entry{Kind: Expel, Player: key("zoe"), Text: "once"}))
			p.enters("zoe", Kicked)
			p.now += KickTicks
			p.enters("zoe", OK)
		}},
		{"a mute is not a kick, and ends", func(p *place) {
			p.yes(p.do("alice", Entry{Kind: Silence, Player: key("zoe"), For: 10 * Minute}))
			p.enters("zoe", OK)
			p.does("zoe", Speak, Muted)
			p.does("zoe", Touch, OK)
			p.now += 10 * Minute
			p.does("zoe", Speak, OK)
			p.yes(p.do("alice", Entry{Kind: Silence, Player: key("zoe")}))
			p.now += MaxMute
			p.does("zoe", Speak, Muted)
			p.yes(p.do("alice", Entry{Kind: Unsilence, Player: key("zoe")}))
			p.does("zoe", Speak, OK)
			p.no(p.do("alice", Entry{Kind: Unsilence, Player: key("zoe")}), Player)
		}},
		{"moderators act downwards only", func(p *place) {
			s := DefaultSettings
			s.Default = Guest
			s.May[1] |= Kick | Mute
			p.yes(p.do("alice", Entry{Kind: Configure, Settings: s}))
			p.yes(p.do("alice", Entry{Kind: Assign, Player: key("mo"), Role: Resident}))
			p.yes(p.do("alice", Entry{Kind: Assign, Player: key("jo"), Role: Resident}))
			p.yes(p.do("mo", Entry{Kind: Expel, Player: key("zoe")}))
			p.no(p.do("mo", Entry{Kind: Expel, Player: key("jo")}), Senior)
			p.no(p.do("mo", Entry{Kind: Silence, Player: key("alice")}), Senior)
			p.no(p.do("mo", Entry{Kind: Expel, Player: key("mo")}), Player)
			p.yes(p.do("alice", Entry{Kind: Silence, Player: key("mo")}))
			p.no(p.do("mo", Entry{Kind: Unsilence, Player: key("mo")}), Senior)
		}},
		{"admins by seniority, a temporary one below all", func(p *place) {
			p.no(p.do("bob", Entry{Kind: Expel, Player: key("alice")}), Senior)
			p.yes(p.do("alice", Entry{Kind: Expel, Player: key("bob")}))
			p.temp = "tim"
			p.no(p.do("tim", Entry{Kind: Silence, Player: key("bob")}), Senior)
			p.yes(p.do("tim", Entry{Kind: Silence, Player: key("zoe")}))
			p.yes(p.do("bob", Entry{Kind: Silence, Player: key("tim")}))
			p.temp = ""
			p.no(p.do("tim", Entry{Kind: Unsilence, Player: key("zoe")}), Right)
			p.no(p.do("alice", Entry{Kind: Prune, Player: key("bob"), On: true}), Senior)
		}},
		{"a ban keeps out, an unban lets in", func(p *place) {
			p.banned["zoe"] = true
			p.enters("zoe", Banned)
			p.no(p.do("zoe", Entry{Kind: Bring, Player: key("z2"), Role: Guest}), Banned)
			p.banned["zoe"] = false
			p.enters("zoe", OK)
		}},
		{"a temporary admin who may not ban", func(p *place) {
			p.temp, p.meek = "tim", true
			p.no(p.do("tim", Entry{Kind: Prune, Player: key("zoe"), On: true}), Right)
			p.enters("zoe", OK)
			p.yes(p.do("alice", Entry{Kind: Prune, Player: key("zoe"), On: true}))
			p.yes(p.do("tim", Entry{Kind: Prune, Player: key("zoe")}))
			p.meek = false
			p.yes(p.do("tim", Entry{Kind: Prune, Player: key("zoe"), On: true}))
		}},
		{"a branch of invitations", func(p *place) {
			p.yes(p.do("alice", Entry{Kind: Bring, Player: key("a"), Role: Resident}))
			p.yes(p.do("a", Entry{Kind: Bring, Player: key("b"), Role: Resident}))
			p.yes(p.do("b", Entry{Kind: Bring, Player: key("c"), Role: Guest}))
			p.yes(p.do("alice", Entry{Kind: Bring, Player: key("d"), Role: Guest}))
			p.no(p.do("a", Entry{Kind: Bring, Player: key("b"), Role: Guest}), Player) // was invited
			p.no(p.do("c", Entry{Kind: Bring, Player: key("e"), Role: Guest}), Right)  // a guest
			p.no(p.do("b", Entry{Kind: Bring, Player: key("e"), Role: Builder}), Value)
			p.yes(p.do("alice", Entry{Kind: Prune, Player: key("b"), On: true}))
			p.enters("a", OK)
			p.enters("b", Banned)
			p.enters("c", Banned)
			p.enters("d", OK)
			p.no(p.do("b", Entry{Kind: Bring, Player: key("f"), Role: Guest}), Banned)
			p.no(p.do("a", Entry{Kind: Prune, Player: key("b")}), Right)
			p.yes(p.do("bob", Entry{Kind: Prune, Player: key("b")}))
			p.enters("c", OK)
		}},
		{"no ring of invitations, and no admin in a branch", func(p *place) {
			p.yes(p.do("a", Entry{Kind: Bring, Player: key("b"), Role: Resident}))
			p.no(p.do("b", Entry{Kind: Bring, Player: key("a"), Role: Resident}), Player)
			p.no(p.do("a", Entry{Kind: Bring, Player: key("a"), Role: Resident}), Player)
			p.no(p.do("a", Entry{Kind: Bring, Player: key("alice"), Role: Resident}), Player)
			p.admins = append(p.admins, "b")
			p.yes(p.do("alice", Entry{Kind: Prune, Player: key("a"), On: true}))
			p.enters("b", OK)
		}},
		{"whitelist", func(p *place) {
			s := DefaultSettings
			s.Whitelist = true
			p.yes(p.do("alice", Entry{Kind: Configure, Settings: s}))
			p.enters("zoe", Unlisted)
			p.enters("bob", OK)
			p.yes(p.do("alice", Entry{Kind: List, Player: key("zoe"), On: true}))
			p.enters("zoe", OK)
			p.yes(p.do("zoe", Entry{Kind: Bring, Player: key("friend"), Role: Guest}))
			p.enters("friend", OK)
			p.no(p.do("zoe", Entry{Kind: List, Player: key("zed"), On: true}), Right)
			p.yes(p.do("alice", Entry{Kind: List, Player: key("zoe")}))
			p.enters("zoe", Unlisted)
		}},
		{"who is kept out invites nobody", func(p *place) {
			s := DefaultSettings
			s.Whitelist = true
			second := Entry{Kind: Bring, Player: key("second"), Role: Guest}
			p.yes(p.do("alice", Entry{Kind: Configure, Settings: s}))
			p.no(p.do("zoe", second), Unlisted)
			p.enters("second", Unlisted)
			p.yes(p.do("alice", Entry{Kind: Configure, Settings: DefaultSettings}))
			p.yes(p.do("alice", Entry{Kind: SetSecret, Record: record()}))
			p.no(p.do("zoe", second), Password)
			p.yes(p.admit(p.ticket("zoe")))
			p.yes(p.do("alice", Entry{Kind: Expel, Player: key("zoe")}))
			p.no(p.do("zoe", second), Kicked)
			p.now += KickTicks
			p.yes(p.do("zoe", second))
		}},
		{"invitations leave room for mutes", func(p *place) {
			for i := range MaxInvited {
				p.members = append(p.members, Member{Key: base.Key{byte(i >> 8), byte(i), 1}, Role: Guest})
			}
			p.no(p.do("zoe", Entry{Kind: Bring, Player: key("friend"), Role: Guest}), Room)
			p.yes(p.do("alice", Entry{Kind: Silence, Player: key("zoe")}))
			p.yes(p.do("alice", Entry{Kind: Bring, Player: key("friend"), Role: Guest}))
		}},
		{"a password, and tickets for it", func(p *place) {
			p.no(p.do("zoe", Entry{Kind: SetSecret, Record: record()}), Right)
			p.no(p.admit(p.ticket("zoe")), Stale) // there is none
			p.yes(p.do("alice", Entry{Kind: SetSecret, Record: record(), Public: [32]byte{1}}))
			p.enters("zoe", Password)
			if c := p.MayStay(key("zoe"), p.now, p.rights); c != OK {
				p.t.Fatal(c)
			}
			p.enters("alice", OK)
			first := p.ticket("zoe")
			p.yes(p.admit(first))
			p.enters("zoe", OK)
			p.no(p.admit(first), Replayed)
			p.now += Hour + 1
			p.enters("zoe", Password)
			p.no(p.admit(first), Expired)
			p.yes(p.do("alice", Entry{Kind: List, Player: key("guest"), On: true}))
			p.enters("guest", OK)
			p.yes(p.admit(p.ticket("zoe")))
			p.yes(p.do("alice", Entry{Kind: SetSecret, Record: record()}))
			p.enters("zoe", Password) // the new one
			p.yes(p.do("alice", Entry{Kind: SetSecret}))
			p.enters("zoe", OK)
		}},
		{"servers that left with the keys of a password", func(p *place) {
			left := func(want uint32) {
				p.t.Helper()
				if got := p.Secret().Left; got != want {
					p.t.Fatalf("%d servers, want %d", got, want)
				}
				d := base.NewDecoder(encode(p.State))
				if s := Read(d, verify); d.Done() != nil || s.Secret().Left != want {
					p.t.Fatal("not kept", d.Err())
				}
			}
			p.ServerLeft()
			left(0) // there is none
			p.yes(p.do("alice", Entry{Kind: SetSecret, Record: record()}))
			p.ServerLeft()
			p.ServerLeft()
			left(2)
			p.no(p.do("zoe", Entry{Kind: SetSecret, Record: record()}), Right)
			left(2)
			p.yes(p.do("alice", Entry{Kind: SetSecret, Record: record()}))
			left(0)
			p.ServerLeft()
			p.yes(p.do("alice", Entry{Kind: SetSecret}))
			left(0)
		}},
		{"tickets that do not count", func(p *place) {
			p.yes(p.do("alice", Entry{Kind: SetSecret, Record: record()}))
			p.no(p.admit(p.ticket("zoe", func(t *Ticket) { t.Region = base.ID{2} })), Region)
			p.no(p.admit(p.ticket("zoe", func(t *Ticket) { t.Epoch = 9 })), Epoch)
			p.no(p.admit(p.ticket("zoe", func(t *Ticket) { t.Server = key("zoe") })), Server)
			p.no(p.admit(p.ticket("zoe", func(t *Ticket) { t.Until = p.now - 1 })), Expired)
			p.no(p.admit(p.ticket("zoe", func(t *Ticket) { t.Until = p.now + MaxTicket + 1 })), Ahead)
			p.no(p.admit(p.ticket("zoe", func(t *Ticket) { t.Secret = 0 })), Stale)
			forged := p.ticket("zoe")
			forged.Ticket.Player = key("eve")
			p.no(p.admit(forged), Forged)
			p.banned["zoe"] = true
			p.no(p.admit(p.ticket("zoe")), Banned)
			old := p.ticket("mia")
			p.epoch = 2
			p.no(p.admit(old), Epoch)
		}},
		{"entries that do not count", func(p *place) {
			x := Entry{Kind: Expel, Player: key("zoe")}
			ok := p.entry("alice", x)
			p.yes(p.Apply(ok, p.now, p.rights))
			p.no(p.Apply(ok, p.now, p.rights), Replayed)
			x.Region = base.ID{7}
			p.no(p.do("alice", x), Region)
			x.Region, x.Epoch = base.ID{}, 2
			p.no(p.do("alice", x), Epoch)
			x.Epoch, x.Until = 0, p.now-1
			p.no(p.do("alice", x), Expired)
			x.Until = p.now + MaxAhead + 1
			p.no(p.do("alice", x), Ahead)
			x.Until = 0
			bad := p.entry("alice", x)
			bad[len(bad)-64]++
			p.no(p.Apply(bad, p.now, p.rights), Forged)
			p.no(p.Apply([]byte{99}, p.now, p.rights), Malformed)
			p.no(p.do("alice", Entry{Kind: Expel}), Player)
			p.no(p.do("alice", Entry{Kind: Silence, Player: key("zoe"), For: MaxMute + 1}), Value)
		}},
	} {
		t.Run(c.name, func(t *testing.T) { c.run(begin(t)) })
	}
}
