package region

import (
	"errors"
	"testing"

	"github.com/metatopia/metatopia/region/access"
	"github.com/metatopia/metatopia/region/agree"
)

// TestTicketsOfAServerThatWasRemoved: from the tick on in which the owner's record
// without a server is in the log, its tickets let nobody in, though no admin has signed
// the new list of servers yet.
func TestTicketsOfAServerThatWasRemoved(t *testing.T) {
	c := newCrew(t, 3)
	ann, bob, cem, mia := c.servers[0], c.servers[1], c.servers[2], newPerson("mia")
	secret := access.Entry{Kind: access.SetSecret, By: c.owner.key, Region: c.cfg.ID, Epoch: 1, Until: access.Minute, Counter: 1, For: 1, Record: make([]byte, access.RecordBytes)}
	copy(secret.Sig[:], c.owner.sign(secret.SigningBytes()))
	if len(c.run(control(ControlEntry{Kind: ControlAccess, Access: secret.Bytes()}))) > 0 {
		t.Fatal("no password")
	}
	n := byte(0)
	ticket := func(by *person) []byte {
		n++
		tk := access.Ticket{Region: c.cfg.ID, Epoch: 1, Secret: 1, Player: mia.key, Until: access.Hour, Server: by.key}
		tk.Nonce[0] = n
		copy(tk.Sig[:], by.sign(tk.SigningBytes()))
		x := access.Entry{Kind: access.Admit, Ticket: tk}
		return x.Bytes()
	}
	try := func(what string, by *person, want error) {
		t.Helper()
		b := ticket(by)
		if err := c.s.Access().Judge(b, c.s.Tick()+1, c.s.Rights()); !errors.Is(err, want) {
			t.Errorf("%s: %v", what, err)
		}
		if failed := len(c.run(control(ControlEntry{Kind: ControlAccess, Access: b}))) > 0; failed != (want != nil) {
			t.Errorf("%s: refused %v", what, failed)
		}
	}
	named := func(trust agree.Trust, list ...*person) {
		t.Helper()
		if len(c.run(control(c.held.word(c.owner, trust, list...)))) > 0 {
			t.Fatal("the owner's word is not taken")
		}
	}
	try("before the owner's word is in the log", ann, nil)
	named(agree.Crash, ann, bob, cem)
	try("of one who is named", ann, nil)
	named(agree.Crash, bob, cem)
	try("of one who was removed", ann, access.Server)
	try("of one who stayed", bob, nil)
	tries := access.Entry{Kind: access.Attempt, By: ann.key, Region: c.cfg.ID, Epoch: 1, Until: c.s.Tick() + access.Minute, Counter: 1, Player: mia.key}
	copy(tries.Sig[:], ann.sign(tries.SigningBytes()))
	if err := c.s.Access().Judge(tries.Bytes(), c.s.Tick()+1, c.s.Rights()); !errors.Is(err, access.Server) {
		t.Errorf("a try that it counts: %v", err)
	}
	named(agree.Crash, ann, bob, cem)
	try("of one who was named anew", ann, nil)
	try("of one whom no admin has signed for", mia, access.Server)
	named(agree.Accountable, ann, bob, cem)
	i, _ := c.s.roster.find(bob.key)
	c.s.roster.servers[i].guilty = true
	if err := c.s.Access().Judge(ticket(bob), c.s.Tick()+1, c.s.Rights()); !errors.Is(err, access.Server) {
		t.Errorf("of one who has lied: %v", err)
	}
	c.s.roster.servers[i].guilty = false
	c.again(len(c.log) / 2)
}
