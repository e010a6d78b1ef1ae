// Package slotstest holds a slots.Store to its contract. Every engine's tests
// call Run; slots.Check is the short form for a live store.
package slotstest

import (
	"os"
	"testing"

	"github.com/metatopia/metatopia/region/slots"
)

// Lab is how the suite gets at an engine.
type Lab struct {
	// Open connects to the same data again. The suite closes what it gets. An
	// embedded engine gives one store at a time.
	Open func(t testing.TB) slots.Store
	// Place is what Child is given to open in another process.
	Place string
	// Server is where the engine's server listens, "" when it has none, and
	// Through connects to it by way of another address.
	Server  string
	Through func(t testing.TB, addr string) slots.Store
	// Crash kills the server with kill -9 and starts it again over what it
	// left. nil when the engine has none.
	Crash func(t testing.TB)
	// Fresh gives a lab over empty data, for what counts or compacts.
	Fresh func(t testing.TB) Lab
	// Histories and Length: random histories, and transactions in each.
	Histories, Length int
}

// Run is the whole suite.
func Run(t *testing.T, lab Lab) {
	for _, c := range []struct {
		name string
		f    func(*testing.T, Lab)
	}{
		{"WriteSkew", writeSkew},
		{"UpsertSkew", upsertSkew},
		{"Phantom", phantom},
		{"LostUpdate", lostUpdate},
		{"ReadOnlyAnomaly", readOnlyAnomaly},
		{"Add", add},
		{"ReadYourWrites", ownWrites},
		{"Ranges", ranges},
		{"MonotoneVersions", monotone},
		{"View", view},
		{"Watch", watch},
		{"Compact", compact},
		{"Idempotent", idempotent},
		{"FnError", fnError},
		{"Limits", limits},
		{"Histories", histories},
		{"CutConnection", cutConnection},
		{"CrashWhileWriting", crashWhileWriting},
		{"KilledClient", killedClient},
	} {
		t.Run(c.name, func(t *testing.T) { c.f(t, lab) })
	}
}

// Histories is how many random histories to run: n, and in make soak the
// thousand of the figure.
func Histories(n int) int {
	if os.Getenv("METATOPIA_SOAK") != "" {
		return 1000
	}
	if testing.Short() {
		return min(n, 5)
	}
	return n
}
