package app

import (
	"context"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics counts requests and jobs, and answers for health. Its labels are few
// and fixed: nothing in them tells who.
type metrics struct {
	app      *App
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	draining atomic.Bool
}

func newMetrics(a *App) *metrics {
	m := &metrics{app: a, registry: prometheus.NewRegistry()}
	m.requests = prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "kept_request_seconds",
		Help: "Time to answer a request, by class of status.", Buckets: prometheus.ExponentialBuckets(0.001, 3, 9)}, []string{"status"})
	m.registry.MustRegister(m.requests, collectors.NewGoCollector(), jobCollector{a}, courseCollector{a})
	return m
}

// watch measures every request.
func (m *metrics) watch(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		seen := &statusWriter{ResponseWriter: w, status: http.StatusOK}
		next.ServeHTTP(seen, r)
		m.requests.WithLabelValues(statusClasses[min(seen.status/100, 5)]).Observe(time.Since(start).Seconds())
	})
}

var statusClasses = [...]string{"other", "1xx", "2xx", "3xx", "4xx", "5xx"}

type statusWriter struct {
	http.ResponseWriter
	status int
}

func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// drain makes readiness fail, so that a balancer sends nobody any more.
func (m *metrics) drain() { m.draining.Store(true) }

// handler serves /metrics, /healthz (alive) and /readyz (able to serve).
func (m *metrics) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("alive\n")) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if why := m.notReady(r.Context()); why != "" {
			http.Error(w, why, http.StatusServiceUnavailable)
			return
		}
		w.Write([]byte("ready\n"))
	})
	return mux
}

func (m *metrics) notReady(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	switch {
	case m.draining.Load():
		return "stopping"
	case m.app.DB.Read.PingContext(ctx) != nil:
		return "the database does not answer"
	}
	return ""
}

// jobCollector reads the queue when somebody asks for metrics.
type jobCollector struct{ app *App }

var (
	jobsDone    = prometheus.NewDesc("kept_jobs_done_total", "Jobs finished since the start.", []string{"kind"}, nil)
	jobsRetried = prometheus.NewDesc("kept_jobs_retried_total", "Jobs put back since the start.", []string{"kind"}, nil)
	jobsDied    = prometheus.NewDesc("kept_jobs_died_total", "Jobs given up since the start.", []string{"kind"}, nil)
)

func (jobCollector) Describe(to chan<- *prometheus.Desc) {
	to <- jobsDone
	to <- jobsRetried
	to <- jobsDied
}

func (c jobCollector) Collect(to chan<- prometheus.Metric) {
	for _, n := range c.app.Jobs.Counts() {
		to <- prometheus.MustNewConstMetric(jobsDone, prometheus.CounterValue, float64(n.Done), n.Kind)
		to <- prometheus.MustNewConstMetric(jobsRetried, prometheus.CounterValue, float64(n.Retried), n.Kind)
		to <- prometheus.MustNewConstMetric(jobsDied, prometheus.CounterValue, float64(n.Died), n.Kind)
	}
}
