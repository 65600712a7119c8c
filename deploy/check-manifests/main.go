// Checks manifests of Kubernetes on the standard input against its own types: kinds, fields and their forms. What an
// API server would check beyond that, such as names that must fit each other, it does not know.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

var kinds = map[string]func() any{
	"apps/v1 Deployment":                 func() any { return new(apps.Deployment) },
	"apps/v1 StatefulSet":                func() any { return new(apps.StatefulSet) },
	"networking.k8s.io/v1 NetworkPolicy": func() any { return new(networking.NetworkPolicy) },
	"policy/v1 PodDisruptionBudget":      func() any { return new(policy.PodDisruptionBudget) },
	"v1 Service":                         func() any { return new(core.Service) },
}

// Those of the Prometheus operator are not among Kubernetes' own types.
const foreign = "monitoring.coreos.com/v1 ServiceMonitor"

func main() {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		fail("%v", err)
	}
	checked := 0
	for _, document := range regexp.MustCompile(`(?m)^---$`).Split(string(text), -1) {
		if strings.TrimSpace(document) == "" {
			continue
		}
		var head struct {
			meta.TypeMeta `json:",inline"`
			Metadata      struct {
				Name string `json:"name"`
			} `json:"metadata"`
		}
		if err := yaml.Unmarshal([]byte(document), &head); err != nil {
			fail("%v in\n%s", err, document)
		}
		kind := head.APIVersion + " " + head.Kind
		make, known := kinds[kind]
		switch {
		case known:
			if err := decode([]byte(document), make()); err != nil {
				fail("%s %s: %v", kind, head.Metadata.Name, err)
			}
			checked++
		case kind == foreign:
			fmt.Printf("%s %s is not checked\n", kind, head.Metadata.Name)
		default:
			fail("%s %s is of no kind that is known here", kind, head.Metadata.Name)
		}
	}
	if checked == 0 {
		fail("there is nothing to check")
	}
	fmt.Printf("%d manifests are of Kubernetes' types\n", checked)
}

// Decodes as an API server does that is asked to be strict: every name as it is written, and each once.
func decode(document []byte, into any) error {
	text, err := yaml.YAMLToJSONStrict(document)
	if err != nil {
		return err
	}
	faults, err := json.UnmarshalStrict(text, into)
	return errors.Join(append(faults, err)...)
}

func fail(format string, values ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", values...)
	os.Exit(1)
}
