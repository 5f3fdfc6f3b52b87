package credential

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/piprate/json-gold/ld"
)

// Bounds of what is put into canonical form. Nodes without a name are told
// apart by trying their orders, so many of them in one list could keep a
// processor busy for years.
const (
	maxNameless       = 60
	maxNamelessInList = 5
)

var (
	errTerm    = errors.New("credential: it has a term that its contexts do not define")
	errComplex = errors.New("credential: it has too many parts without an id")
)

// canonical is the document as RDF in canonical form (RDFC-1.0), in N-Quads. What
// would be lost on the way, and so not be signed, is an error.
func canonical(doc object, loader ld.DocumentLoader) (string, error) {
	var count int
	if err := inspect(doc, true, &count); err != nil {
		return "", err
	}
	options := ld.NewJsonLdOptions("")
	options.DocumentLoader, options.SafeMode = loader, true
	options.Algorithm, options.Format = ld.AlgorithmURDNA2015, "application/n-quads"
	processor := ld.NewJsonLdProcessor()
	expanded, err := processor.Expand(doc, options)
	if err != nil {
		return "", told(err)
	}
	if err := absolute(expanded); err != nil {
		return "", err
	}
	out, err := processor.Normalize(expanded, options)
	if err != nil {
		return "", told(err)
	}
	text, ok := out.(string)
	if !ok || text == "" {
		return "", errTerm
	}
	return text, nil
}

// told turns the processor's errors, which quote the document, into ours.
func told(err error) error {
	if strings.Contains(err.Error(), errContext.Error()) || strings.Contains(err.Error(), string(ld.LoadingRemoteContextFailed)) {
		return errContext
	}
	return errTerm
}

// keyword is the form of words that the processor drops without a word.
var keyword = regexp.MustCompile(`^@[A-Za-z]+$`)

// valueWords are the keywords that a text with its language is made of.
var valueWords = map[string]bool{"@value": true, "@language": true, "@direction": true}

// inspect refuses what would be dropped or could be put together across
// branches: nulls, stray keywords, names for nameless nodes.
func inspect(value any, top bool, count *int) error {
	switch value := value.(type) {
	case nil:
		return errTerm
	case []any:
		return inspectList(value, count)
	case object:
		return inspectObject(value, top, count)
	}
	return nil
}

func inspectList(list []any, count *int) error {
	nameless := 0
	for _, one := range list {
		if doc, ok := one.(object); ok && doc["id"] == nil {
			nameless++
		}
		if err := inspect(one, false, count); err != nil {
			return err
		}
	}
	if nameless > maxNamelessInList {
		return errComplex
	}
	return nil
}

func inspectObject(doc object, top bool, count *int) error {
	if doc["id"] == nil {
		*count++
	}
	if *count > maxNameless {
		return errComplex
	}
	for name, value := range doc {
		if name == "@context" && top {
			if err := inspectContext(value); err != nil {
				return err
			}
			continue
		}
		if strings.HasPrefix(name, "@") && !valueWords[name] {
			return errTerm
		}
		for _, s := range texts(value) {
			if (name == "id" || name == "type") && (keyword.MatchString(s) || strings.HasPrefix(s, "_:")) {
				return errTerm
			}
		}
		if err := inspect(value, false, count); err != nil {
			return err
		}
	}
	return nil
}

// inspectContext allows addresses alone: a context written into the document
// could give its terms another meaning.
func inspectContext(value any) error {
	list, ok := value.([]any)
	if !ok || len(list) == 0 || len(texts(list)) != len(list) {
		return errContext
	}
	return nil
}

// absolute refuses what the contexts left relative: it would be dropped.
func absolute(value any) error {
	switch value := value.(type) {
	case []any:
		for _, one := range value {
			if err := absolute(one); err != nil {
				return err
			}
		}
	case object:
		for name, inner := range value {
			if !strings.HasPrefix(name, "@") && !strings.Contains(name, ":") {
				return errTerm
			}
			if name == "@value" || name == "@language" || name == "@direction" {
				continue
			}
			if err := names(name, inner); err != nil {
				return err
			}
			if err := absolute(inner); err != nil {
				return err
			}
		}
	}
	return nil
}

func names(word string, value any) error {
	if word != "@id" && word != "@type" {
		return nil
	}
	found := texts(value)
	if len(found) == 0 {
		return errTerm
	}
	for _, s := range found {
		if !iri.MatchString(s) {
			return fmt.Errorf("%w (%s)", errTerm, word)
		}
	}
	return nil
}

// iri is an absolute address without what N-Quads cannot hold.
var iri = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>"{}|^` + "`" + `\\]*$`)
