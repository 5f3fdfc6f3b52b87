package app

import "github.com/prometheus/client_golang/prometheus"

// courseCollector tells how the last reading of the courses went.
type courseCollector struct{ app *App }

var (
	coursesLessons  = prometheus.NewDesc("kept_courses_lessons", "Lessons that can be opened.", nil, nil)
	coursesWarnings = prometheus.NewDesc("kept_courses_warnings", "Things that authors should look at; kept course lint lists them.", nil, nil)
	coursesReloads  = prometheus.NewDesc("kept_courses_reloads_total", "Times that another catalogue took the place of the one before.", nil, nil)
	coursesTook     = prometheus.NewDesc("kept_courses_reload_seconds", "What the last reading took.", nil, nil)
	coursesFailed   = prometheus.NewDesc("kept_courses_stale", "1 while a source cannot be read and stays as it was; the log says why.", nil, nil)
)

func (courseCollector) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{coursesLessons, coursesWarnings, coursesReloads, coursesTook, coursesFailed} {
		to <- d
	}
}

func (c courseCollector) Collect(to chan<- prometheus.Metric) {
	s := c.app.library.State()
	stale := 0.0
	if s.Problem != nil {
		stale = 1
	}
	gauge := func(d *prometheus.Desc, v float64) { to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v) }
	gauge(coursesLessons, float64(s.Lessons))
	gauge(coursesWarnings, float64(s.Warnings))
	gauge(coursesTook, s.Took.Seconds())
	gauge(coursesFailed, stale)
	to <- prometheus.MustNewConstMetric(coursesReloads, prometheus.CounterValue, float64(s.Reloads))
}
