// SPDX-License-Identifier: Apache-2.0
// Judges rendered manifests as an API server of one Kubernetes release would, without one: strict types, Pod Security, and our own rules.
//
//	validate [--exceptions TABLE.md] FILE...
//
// Built twice, against the API types of the oldest and of a recent Kubernetes (oldest.mod, go.mod). Each FILE is what one overlay
// renders to. Prints one line for each problem and ends with status 1 when there is one, 2 when it could not judge.
package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"regexp"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	schedulingv1 "k8s.io/api/scheduling/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer/json"
	"k8s.io/apimachinery/pkg/util/yaml"
)

const documentMax = 4 << 20

// object is one document: its text for messages, and its typed form.
type object struct {
	name  string // Kind/name
	typed runtime.Object
}

func newDecoder() (runtime.Decoder, error) {
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, appsv1.AddToScheme, policyv1.AddToScheme,
		rbacv1.AddToScheme, schedulingv1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	return json.NewSerializerWithOptions(json.DefaultMetaFactory, scheme, scheme, json.SerializerOptions{Yaml: true, Strict: true}), nil
}

// readObjects decodes every document of the file. A field or type that this Kubernetes does not know is a problem, not an error.
func readObjects(file string, decoder runtime.Decoder, report func(object, string)) ([]object, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var objects []object
	documents := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		if len(bytes.TrimSpace(document)) == 0 {
			continue
		}
		if len(document) > documentMax {
			return nil, fmt.Errorf("%s: a document of %d bytes", file, len(document))
		}
		one := object{name: nameOf(document)}
		one.typed, _, err = decoder.Decode(document, nil, nil)
		if err != nil {
			report(one, "schema: "+err.Error())
		}
		if one.typed != nil {
			objects = append(objects, one)
		}
	}
}

// nameOf is Kind/name, also of what cannot be decoded.
func nameOf(document []byte) string {
	var loose unstructured.Unstructured
	if err := yaml.Unmarshal(document, &loose.Object); err != nil {
		return "?"
	}
	return loose.GetKind() + "/" + loose.GetName()
}

// exception is one row "| `rule` | `Kind/name/container` | reason |" of the table; the second column may hold *.
type exception struct {
	rule, where string
	isUsed      bool
}

type exceptions []*exception

var exceptionRow = regexp.MustCompile("^\\| `([a-z-]+)` \\| `([^`]+)` \\| [^|]+ \\|$")

func readExceptions(path string) (exceptions, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var list exceptions
	for _, line := range strings.Split(string(text), "\n") {
		if row := exceptionRow.FindStringSubmatch(line); row != nil {
			list = append(list, &exception{rule: row[1], where: row[2]})
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s holds no row", path)
	}
	return list, nil
}

func (list exceptions) accepts(rule, where string) bool {
	for _, one := range list {
		if matches, err := path.Match(one.where, where); one.rule == rule && matches && err == nil {
			one.isUsed = true
			return true
		}
	}
	return false
}

func run(files []string) (int, error) {
	var accepted exceptions
	var err error
	if len(files) > 1 && files[0] == "--exceptions" {
		if accepted, err = readExceptions(files[1]); err != nil {
			return 2, err
		}
		files = files[2:]
	}
	if len(files) == 0 {
		return 2, errors.New("no file is given")
	}
	decoder, err := newDecoder()
	if err != nil {
		return 2, err
	}

	problems := 0
	for _, file := range files {
		report := func(where object, text string) {
			fmt.Printf("%s: %s: %s\n", file, where.name, text)
			problems++
		}
		objects, err := readObjects(file, decoder, report)
		if err != nil {
			return 2, err
		}
		if len(objects) == 0 {
			return 2, fmt.Errorf("%s holds no object", file)
		}
		checkPodSecurity(objects, report)
		checkRules(objects, accepted, report)
	}
	for _, one := range accepted {
		if !one.isUsed {
			fmt.Printf("%s %s: is excused, but nothing needs it\n", one.rule, one.where)
			problems++
		}
	}
	if problems > 0 {
		return 1, nil
	}
	return 0, nil
}

func main() {
	status, err := run(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "validate:", err)
	}
	os.Exit(status)
}
