package page

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Notice is a message on the page after a form was sent: "Erased. …". State
// is its first words, beside a tick if Done; both texts are English keys and
// hold nothing of the person.
type Notice struct {
	Key         string // "account.signed-out"
	State, Text string
	Done        bool
}

// noticeLife is how long the cookie lives: from a form to the next page.
const noticeLife = time.Minute

func noticeTable(list []Notice) (map[string]Notice, error) {
	table := map[string]Notice{}
	for _, n := range list {
		if n.Key == "" || n.Text == "" || strings.ContainsAny(n.Key, "| ;,\"") {
			return nil, fmt.Errorf("page: notice %q: want a key and a text", n.Key)
		}
		if _, twice := table[n.Key]; twice {
			return nil, fmt.Errorf("page: two notices %q", n.Key)
		}
		table[n.Key] = n
	}
	return table, nil
}

// Notify redirects after a form was sent and lets the next page say what
// happened. The cookie for it carries the key of one of Config.Notices and
// an end, signed; it holds nothing of the person, ends after a minute and is
// removed by the page that shows it. Only an answer to a form can set it, so
// a visitor who reads gets none.
func (s *Site) Notify(w http.ResponseWriter, r *http.Request, to, key string) error {
	if _, ok := s.notices[key]; !ok {
		return fmt.Errorf("page: no notice %q", key)
	}
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return fmt.Errorf("page: notice %q after %s: only a sent form has news", key, r.Method)
	}
	value := s.sealNotice(key, s.cfg.Now().Add(noticeLife))
	http.SetCookie(w, s.noticeCookie(value, int(noticeLife/time.Second)))
	http.Redirect(w, r, to, http.StatusSeeOther)
	return nil
}

func (s *Site) noticeCookie(value string, age int) *http.Cookie {
	return &http.Cookie{
		Name: s.noticeName(), Value: value, Path: "/", MaxAge: age,
		HttpOnly: true, Secure: s.secure, SameSite: http.SameSiteLaxMode,
	}
}

func (s *Site) noticeName() string {
	if s.secure {
		return "__Host-notice"
	}
	return "notice" // a demo without TLS
}

func (s *Site) sealNotice(key string, until time.Time) string {
	plain := key + "|" + strconv.FormatInt(until.Unix(), 36)
	return plain + "|" + s.signNotice(plain)
}

func (s *Site) signNotice(plain string) string {
	mac := hmac.New(sha256.New, s.cfg.NoticeKey)
	mac.Write([]byte("notice " + plain))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil)[:16])
}

func (s *Site) openNotice(value string) *Notice {
	at := strings.LastIndexByte(value, '|')
	if at < 0 || !hmac.Equal([]byte(s.signNotice(value[:at])), []byte(value[at+1:])) {
		return nil
	}
	key, end, _ := strings.Cut(value[:at], "|")
	until, err := strconv.ParseInt(end, 36, 64)
	if err != nil || s.cfg.Now().Unix() > until {
		return nil
	}
	if n, ok := s.notices[key]; ok {
		return &n
	}
	return nil
}

// takeNotice returns the message that waits for this browser and removes it.
func (s *Site) takeNotice(w http.ResponseWriter, r *http.Request) *Notice {
	if len(r.Header["Cookie"]) == 0 {
		return nil
	}
	cookie, err := r.Cookie(s.noticeName())
	if err != nil {
		return nil
	}
	http.SetCookie(w, s.noticeCookie("", -1))
	w.Header().Set("Cache-Control", "no-store")
	return s.openNotice(cookie.Value)
}
