package portfolio

import "sync"

// shelf keeps one version of each of a bounded number of things. A newer version
// takes the place of the older; when it is full, it starts again empty.
type shelf[V any] struct {
	most int
	mu   sync.Mutex
	all  map[string]versioned[V]
}

type versioned[V any] struct {
	version string
	value   V
}

func newShelf[V any](most int) *shelf[V] {
	return &shelf[V]{most: most, all: map[string]versioned[V]{}}
}

// get returns the value under a name if it is of that version.
func (s *shelf[V]) get(name, version string) (V, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.all[name]
	if !ok || v.version != version {
		return *new(V), false
	}
	return v.value, true
}

// last returns the value under a name with its version.
func (s *shelf[V]) last(name string) (value V, version string, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.all[name]
	return v.value, v.version, ok
}

func (s *shelf[V]) put(name, version string, value V) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, has := s.all[name]; !has && len(s.all) >= s.most {
		clear(s.all)
	}
	s.all[name] = versioned[V]{version, value}
}

func (s *shelf[V]) forget(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.all, name)
}

func (s *shelf[V]) forgetIf(which func(V) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, v := range s.all {
		if which(v.value) {
			delete(s.all, name)
		}
	}
}
