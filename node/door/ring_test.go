package door

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"testing"

	"github.com/bytemare/opaque"

	"github.com/metatopia/metatopia/internal/durable"
	"github.com/metatopia/metatopia/region/access"
)

// again is the ring as the next process finds it after a kill.
func again(t *testing.T, r *Ring) *Ring {
	t.Helper()
	next, err := OpenRing(r.path)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

func drawnFor(t *testing.T, r *Ring, s access.Secret) access.Secret {
	t.Helper()
	k, err := r.draw(s)
	if err != nil {
		t.Fatal(err)
	}
	return access.Secret{Number: s.Number + 1, Record: make([]byte, access.RecordBytes), Public: k.Public()}
}

// TestRingOutlivesKills: the process ends after each step of setting a password
// the second time, and the next one has the keys that the log wants.
func TestRingOutlivesKills(t *testing.T) {
	r := newRing(t)
	if _, err := os.Stat(r.path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal("keys without a password", err)
	}
	first := drawnFor(t, r, access.Secret{})
	r = again(t, r) // before the log has it
	if r.Fit(first) == nil || r.Fit(access.Secret{Number: 1}) != nil {
		t.Fatal("the keys are not those that were drawn")
	}
	if err := r.Settle(first); err != nil {
		t.Fatal(err)
	}
	// Two admins at once: each has keys of their own, and the log takes one's.
	lost, second := drawnFor(t, r, first), drawnFor(t, r, first)
	if lost.Public == second.Public || lost.Public == first.Public {
		t.Fatal("keys are used twice")
	}
	r = again(t, r)
	// The log has the record, this process has seen it, and its disk has not: the
	// next one begins before it.
	for _, s := range []access.Secret{first, lost, second} {
		if r.Fit(s) == nil {
			t.Fatalf("no keys for %d", s.Number)
		}
	}
	if err := r.Settle(first); err != nil || r.Fit(second) == nil {
		t.Fatal("keys to come are deleted", err)
	}
	early := drawnFor(t, r, second) // for the one after it
	if err := r.Settle(second); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if r.Fit(first) != nil || r.Fit(lost) != nil || r.Fit(second) == nil || r.Fit(early) == nil {
			t.Fatal("the keys are not those in force and to come")
		}
		r = again(t, r)
	}
	b, err := os.ReadFile(r.path)
	if err != nil || len(b) != 5+2*sizeDrawn {
		t.Fatal(len(b), err)
	}
	// Cleared: nothing is left.
	if err := r.Settle(access.Secret{Number: early.Number}); err != nil || len(again(t, r).held) != 0 {
		t.Fatal(err)
	}
	// What a kill in the middle of writing leaves is deleted.
	if err := os.WriteFile(r.path+durable.NewSuffix, b[:99], 0o600); err != nil {
		t.Fatal(err)
	}
	again(t, r)
	if _, err := os.Stat(r.path + durable.NewSuffix); !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
}

// TestRingIsBounded: an admin who has keys drawn without end fills no disk, and
// does not lock the region.
func TestRingIsBounded(t *testing.T) {
	r := newRing(t)
	now := drawnFor(t, r, access.Secret{})
	if err := r.Settle(now); err != nil {
		t.Fatal(err)
	}
	var last access.Secret
	for range maxDrawn + 3 {
		last = drawnFor(t, r, now)
	}
	if len(r.held) != maxDrawn || r.Fit(now) == nil || r.Fit(last) == nil {
		t.Fatalf("%d keys", len(r.held))
	}
}

// TestNothingWithoutTheDisk: keys that could not be written are not used.
func TestNothingWithoutTheDisk(t *testing.T) {
	w := newWorld(t)
	w.admin = w.client("admin").key
	if err := os.Mkdir(w.keys.path+durable.NewSuffix, 0o700); err != nil {
		t.Fatal(err)
	}
	s := &script{in: bytes.NewReader(append([]byte{askRegister}, make([]byte, sizeRequest)...))}
	if err := w.door.Handle(context.Background(), w.admin, 1, s); err == nil || s.out.Len() != 1 {
		t.Fatal(err, s.out.Len())
	}
	if len(w.keys.held) != 0 {
		t.Fatal("keys that a kill would lose")
	}
}

// guesses tells whether somebody who has keys and a record finds a password right:
// they play both sides of a login by themselves, as often as they like.
func guesses(t *testing.T, k *Keys, s access.Secret, password string) bool {
	t.Helper()
	server, err := k.server(space, nil)
	if err != nil {
		t.Fatal(err)
	}
	client, err := config(nil).Client()
	if err != nil {
		t.Fatal(err)
	}
	ke1, err := client.GenerateKE1([]byte(password))
	if err != nil {
		t.Fatal(err)
	}
	r, err := server.Deserialize.RegistrationRecord(s.Record)
	if err != nil {
		t.Fatal(err)
	}
	ke2, _, err := server.GenerateKE2(ke1, &opaque.ClientRecord{CredentialIdentifier: credential(space, s.Number), ClientIdentity: clientIdentity(space), RegistrationRecord: r})
	if err != nil {
		t.Fatal(err)
	}
	_, _, _, err = client.GenerateKE3(ke2, clientIdentity(space), serverIdentity(space), slow())
	return err == nil
}

// TestOldKeysDoNotOpenTheNewRecord: a server that was removed has the old keys and
// gets the new record. It can guess at the old password and not at the new one; nor
// does it pass for the region, for who knows the password goes at the same step.
func TestOldKeysDoNotOpenTheNewRecord(t *testing.T) {
	w := newWorld(t)
	admin := w.lock("secret")
	before := w.secret()
	old := w.keys.Fit(before)
	if err := w.setPassword(admin, "secret"); err != nil { // the same one, set again
		t.Fatal(err)
	}
	now := w.secret()
	if now.Public == before.Public || w.keys.Fit(now) == nil {
		t.Fatal("the same keys")
	}
	for _, x := range []struct {
		what     string
		k        *Keys
		s        access.Secret
		password string
		want     bool
	}{
		{"old keys, old record", old, before, "secret", true},
		{"old keys, old record, a wrong guess", old, before, "guess", false},
		{"old keys, new record", old, now, "secret", false},
		{"new keys, new record", w.keys.Fit(now), now, "secret", true},
	} {
		if got := guesses(t, x.k, x.s, x.password); got != x.want {
			t.Errorf("%s: %v", x.what, got)
		}
	}
}

func FuzzRing(f *testing.F) {
	k, err := newKeys()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(ringBytes([]drawn{{1, k}, {2, k}}))
	f.Add(ringBytes(nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		if list, err := parseRing(b); err == nil && !bytes.Equal(ringBytes(list), b) {
			t.Fatal("keys differ")
		}
	})
}
