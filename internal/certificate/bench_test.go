package certificate

import (
	"runtime"
	"strconv"
	"testing"

	"kept/internal/credential"
)

// BenchmarkPDF sets certificates for print, each for another name; -benchtime
// 10000x for as many.
func BenchmarkPDF(b *testing.B) {
	w := onSQLite(b)
	signed, err := w.signAt(Order{Title: "Programs", Page: w.c.Base, Holder: credential.Holder{Name: "Noor Halvorsen"}}, newNumber(), credential.Entry{})
	if err != nil {
		b.Fatal(err)
	}
	s, err := w.drawn(b.Context(), signed.JWT, "")
	if err != nil {
		b.Fatal(err)
	}
	var most uint64
	size, n := 0, 0
	for b.Loop() {
		one := *s
		one.Holder = "Noor Halvorsen " + strconv.Itoa(n)
		file, err := one.pdf(a4, w.now)
		if err != nil {
			b.Fatal(err)
		}
		size = max(size, len(file))
		if n++; n%100 == 0 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.Sys)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "PDF/s")
	b.ReportMetric(float64(size)/1000, "kB-largest")
	b.ReportMetric(float64(most)/(1<<20), "MB-most")
}
