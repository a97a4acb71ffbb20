// SPDX-License-Identifier: Apache-2.0
// Pod Security: the admission plug-in's own checks, at the level that the namespace in the same file enforces.
package main

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

func checkPodSecurity(objects []object, report func(object, string)) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks())
	if err != nil {
		report(object{name: "pod-security"}, err.Error())
		return
	}
	namespaces := map[string]api.Policy{}
	for _, one := range objects {
		namespace, isNamespace := one.typed.(*corev1.Namespace)
		if !isNamespace {
			continue
		}
		level, problems := api.PolicyToEvaluate(namespace.Labels, api.Policy{})
		for _, problem := range problems {
			report(one, "pod-security: "+problem.Error())
		}
		namespaces[namespace.Name] = level
	}
	for _, one := range objects {
		set := podsOf(one)
		if set == nil {
			continue
		}
		level, known := namespaces[set.Namespace]
		if !known || level.Enforce.Level == "" || level.Enforce.Level == api.LevelPrivileged {
			report(one, fmt.Sprintf("pod-security: its namespace %q is not in the file, or enforces nothing", set.Namespace))
			continue
		}
		results := evaluator.EvaluatePod(level.Enforce, &set.Spec.Template.ObjectMeta, &set.Spec.Template.Spec)
		for _, result := range results {
			if !result.Allowed {
				report(one, fmt.Sprintf("pod-security: %s: %s (%s)", level.Enforce.Level, result.ForbiddenReason,
					strings.TrimSpace(result.ForbiddenDetail)))
			}
		}
	}
}
