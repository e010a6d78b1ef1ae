package demo

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/metatopia/metatopia/node/control"
)

// Report is what really happened, summed over the nodes' own counters. A sum
// takes the highest value seen of every node, so that one that stopped is not
// lost.
//
// Each event is counted at one place only: crossings and handoffs by the
// region that received the avatar or the body, messages by the node whose
// person could read another node's line, lumps_fetched by the node that
// fetched and verified, scripts_run by the node or region that ran the code,
// errors by the node that logged one.
type Report struct {
	Nodes        int            `json:"nodes"`      // processes that answered
	Neighbours   int            `json:"neighbours"` // distinct pairs of nodes that were in each other's near view, either way
	Crossings    uint64         `json:"crossings"`
	Messages     uint64         `json:"messages"`
	LumpsFetched uint64         `json:"lumps_fetched"`
	ScriptsRun   uint64         `json:"scripts_run"`
	Handoffs     uint64         `json:"handoffs"`
	Errors       uint64         `json:"errors"` // logged by nodes, and nodes that ended by themselves
	Seconds      float64        `json:"seconds"`
	OpenAfter    float64        `json:"open_after"` // seconds from the start until the world was open
	World        string         `json:"world"`      // WorldID
	Regions      []RegionReport `json:"regions"`
	Ended        []string       `json:"ended,omitempty"`   // nodes that ended by themselves
	Missing      []string       `json:"missing,omitempty"` // promised parts that did not happen
}

// RegionReport is the last that was seen of a region.
type RegionReport struct {
	Name    string `json:"name"`
	Tick    uint64 `json:"tick"`
	Durable uint64 `json:"durable"`
	Hash    string `json:"hash"`
	Players int    `json:"players"`
	Things  int    `json:"things"`
}

// tally collects samples of the nodes.
type tally struct {
	keys     map[string]string            // node key -> its directory
	counters map[string]map[string]uint64 // directory -> counter -> highest value
	pairs    map[[2]string]bool
	regions  map[string]RegionReport // by name
}

func newTally() *tally {
	return &tally{
		keys:     make(map[string]string),
		counters: make(map[string]map[string]uint64),
		pairs:    make(map[[2]string]bool),
		regions:  make(map[string]RegionReport),
	}
}

// member says which keys are nodes of this demo.
func (t *tally) member(dir, key string) { t.keys[key] = dir }

func (t *tally) status(dir string, st *control.StatusResponse) {
	m := t.counters[dir]
	if m == nil {
		m = make(map[string]uint64)
		t.counters[dir] = m
	}
	for name, v := range st.Counters {
		m[name] = max(m[name], v)
	}
	for _, r := range st.Serving {
		t.regions[r.Name] = RegionReport{r.Name, r.Tick, r.Durable, r.Hash, r.Players, r.Things}
	}
}

// neighbours notes which nodes of the demo a node has in its near view.
// Strangers, should the machine have any, do not count.
func (t *tally) neighbours(dir string, ns []control.Neighbour) {
	for _, n := range ns {
		other, ok := t.keys[n.Key]
		if !ok || other == dir {
			continue
		}
		t.pairs[[2]string{min(dir, other), max(dir, other)}] = true
	}
}

func (t *tally) sum(name string) (n uint64) {
	for _, m := range t.counters {
		n += m[name]
	}
	return n
}

// report sums up; wanted is the number of nodes there should be.
func (t *tally) report(wanted int, ended []string) Report {
	r := Report{
		Nodes:        len(t.counters),
		Neighbours:   len(t.pairs),
		Crossings:    t.sum("crossings"),
		Messages:     t.sum("messages"),
		LumpsFetched: t.sum("lumps_fetched"),
		ScriptsRun:   t.sum("scripts_run"),
		Handoffs:     t.sum("handoffs"),
		Errors:       t.sum("errors") + uint64(len(ended)),
		Ended:        ended,
	}
	for _, name := range slices.Sorted(maps.Keys(t.regions)) {
		r.Regions = append(r.Regions, t.regions[name])
	}
	if r.Nodes < wanted {
		r.Missing = append(r.Missing, fmt.Sprintf("nodes: %d of %d answered", r.Nodes, wanted))
	}
	for _, p := range []struct {
		n     uint64
		words string
	}{
		{uint64(r.Neighbours), "neighbours: no two nodes found each other by position"},
		{r.Crossings, "crossings: no avatar went over the border"},
		{r.Messages, "messages: nothing said reached another node"},
		{r.LumpsFetched, "lumps_fetched: no lump came from another node"},
		{r.ScriptsRun, "scripts_run: no script ran"},
		{r.Handoffs, "handoffs: no body was handed to the other region"},
	} {
		if p.n == 0 {
			r.Missing = append(r.Missing, p.words)
		}
	}
	return r
}

// Failed says in words why the run does not count as a success, or "".
func (r Report) Failed() string {
	var why []string
	if len(r.Missing) > 0 {
		why = append(why, "did not happen:\n  "+strings.Join(r.Missing, "\n  "))
	}
	for _, name := range r.Ended {
		why = append(why, name+" ended by itself")
	}
	if logged := r.Errors - uint64(len(r.Ended)); logged > 0 {
		why = append(why, fmt.Sprintf("%d errors in the nodes' logs", logged))
	}
	return strings.Join(why, "\n")
}
