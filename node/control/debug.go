package control

import (
	"context"
	"net/http"
	"net/http/pprof"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// debug adds profiles and metrics to the socket. They tell much about the node
// and cost it time, so only its own user has them.
func (s *Server) debug(mux *http.ServeMux) {
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)

	// A registry of its own: two nodes in one process do not collide. The
	// default one holds the Go runtime and what the network library counts.
	reg := prometheus.NewRegistry()
	reg.MustRegister(collector{s.cfg.Backend})
	all := prometheus.Gatherers{reg, prometheus.DefaultGatherer}
	mux.Handle("/metrics", promhttp.HandlerFor(all, promhttp.HandlerOpts{MaxRequestsInFlight: 2}))
}

// collector reads a node's counters when it is asked for metrics.
type collector struct{ b Backend }

const collectTimeout = 5 * time.Second

// Describe says nothing: the names are the node's.
func (collector) Describe(chan<- *prometheus.Desc) {}

func (c collector) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), collectTimeout)
	defer cancel()
	st, err := c.b.Status(ctx)
	if err != nil {
		out <- prometheus.NewInvalidMetric(prometheus.NewDesc("metatopia_status", "The node's status.", nil, nil), err)
		return
	}
	for name, n := range st.Counters {
		d := prometheus.NewDesc("metatopia_"+metricName(name)+"_total", "The node's counter "+name+".", nil, nil)
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n))
	}
	tick := prometheus.NewDesc("metatopia_region_tick", "Tick of a region served here.", []string{"region"}, nil)
	things := prometheus.NewDesc("metatopia_region_things", "Things in a region served here.", []string{"region"}, nil)
	players := prometheus.NewDesc("metatopia_region_players", "People in a region served here.", []string{"region"}, nil)
	for _, r := range st.Serving {
		out <- prometheus.MustNewConstMetric(tick, prometheus.GaugeValue, float64(r.Tick), r.ID)
		out <- prometheus.MustNewConstMetric(things, prometheus.GaugeValue, float64(r.Things), r.ID)
		out <- prometheus.MustNewConstMetric(players, prometheus.GaugeValue, float64(r.Players), r.ID)
	}
}

func metricName(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.ToLower(s))
}
