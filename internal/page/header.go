package page

import (
	"maps"
	"net/http"
	"slices"
	"strings"
)

// directives is the content policy of every page: what comes from this
// site, and nothing inline.
var directives = map[string]string{
	"default-src": "'none'", "script-src": "'self'", "style-src": "'self'", "img-src": "'self'", "font-src": "'self'",
	"connect-src": "'self'", "media-src": "'self'", "manifest-src": "'self'", "worker-src": "'self'",
	"form-action": "'self'", "frame-ancestors": "'none'", "base-uri": "'none'", "object-src": "'none'",
}

// Policy returns the content policy with some directives replaced, for the
// few pages that need more: w.Header().Set("Content-Security-Policy", …).
func (s *Site) Policy(replace map[string]string) string {
	all := maps.Clone(directives)
	maps.Copy(all, replace)
	parts := make([]string, 0, len(all)+1)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		parts = append(parts, name+" "+all[name])
	}
	if s.secure {
		parts = append(parts, "upgrade-insecure-requests")
	}
	return strings.Join(parts, "; ")
}

const permissions = "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), geolocation=(), gyroscope=(), " +
	"magnetometer=(), microphone=(), midi=(), payment=(), publickey-credentials-create=(self), publickey-credentials-get=(self), " +
	"screen-wake-lock=(), usb=(), browsing-topics=()"

var (
	noSniff    = []string{"nosniff"}
	sameOrigin = []string{"same-origin"}
	twoYears   = []string{"max-age=63072000; includeSubDomains"}
)

// setSecurity sets the headers that every answer carries. The policy for
// referrers is same-origin, not no-referrer: the latter makes browsers send
// "Origin: null" with a form, which the check of origins must refuse.
func (s *Site) setSecurity(h http.Header) {
	h["Content-Security-Policy"] = s.policy
	h["Permissions-Policy"] = s.perms
	h["X-Content-Type-Options"] = noSniff
	h["Referrer-Policy"] = sameOrigin
	h["Cross-Origin-Opener-Policy"] = sameOrigin
	h["Cross-Origin-Resource-Policy"] = sameOrigin
	if s.secure {
		h["Strict-Transport-Security"] = twoYears
	}
}
