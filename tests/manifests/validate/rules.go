// SPDX-License-Identifier: Apache-2.0
// Our own rules: what a schema cannot say. One row each; what is accepted stands in manifests/lint-exceptions.md.
package main

import (
	"fmt"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// podsOf is the set that makes pods, or nil. The manifests hold StatefulSets only; any other kind with pods is refused by name.
func podsOf(one object) *appsv1.StatefulSet {
	set, _ := one.typed.(*appsv1.StatefulSet)
	return set
}

// containerRule looks at one container; it returns what is wrong, or "".
type containerRule struct {
	name   string
	isInit bool // also for init containers
	check  func(pod *corev1.PodSpec, c *corev1.Container) string
}

var containerRules = []containerRule{
	{"image-tag", true, func(_ *corev1.PodSpec, c *corev1.Container) string {
		return badImage(c.Image)
	}},
	{"pull-policy", true, func(_ *corev1.PodSpec, c *corev1.Container) string {
		return when(c.ImagePullPolicy != corev1.PullIfNotPresent, "imagePullPolicy is not IfNotPresent")
	}},
	{"requests", true, func(_ *corev1.PodSpec, c *corev1.Container) string {
		return when(c.Resources.Requests.Cpu().IsZero() || c.Resources.Requests.Memory().IsZero(), "no requests of cpu and memory")
	}},
	{"memory-limit", true, func(_ *corev1.PodSpec, c *corev1.Container) string {
		return when(c.Resources.Limits.Memory().IsZero(), "no limit of memory")
	}},
	{"cpu-limit", true, func(_ *corev1.PodSpec, c *corev1.Container) string {
		return when(c.Resources.Limits.Cpu().IsZero(), "no limit of cpu")
	}},
	{"readiness", false, func(_ *corev1.PodSpec, c *corev1.Container) string {
		return when(c.ReadinessProbe == nil, "no readinessProbe")
	}},
	{"liveness", false, func(_ *corev1.PodSpec, c *corev1.Container) string {
		return when(c.LivenessProbe == nil, "no livenessProbe")
	}},
	{"read-only-root", true, func(_ *corev1.PodSpec, c *corev1.Container) string {
		return when(!is(c.SecurityContext.ReadOnlyRootFilesystem), "its root filesystem is writable")
	}},
	{"privilege-escalation", true, func(_ *corev1.PodSpec, c *corev1.Container) string {
		escalates := c.SecurityContext.AllowPrivilegeEscalation
		return when(escalates == nil || *escalates, "allowPrivilegeEscalation is not false")
	}},
	{"drop-all", true, func(_ *corev1.PodSpec, c *corev1.Container) string {
		have := c.SecurityContext.Capabilities
		return when(have == nil || len(have.Drop) != 1 || have.Drop[0] != "ALL", "does not drop all capabilities")
	}},
	{"added-capabilities", true, func(_ *corev1.PodSpec, c *corev1.Container) string {
		have := c.SecurityContext.Capabilities
		return when(have != nil && len(have.Add) > 0, "adds capabilities")
	}},
	{"non-root", true, func(pod *corev1.PodSpec, c *corev1.Container) string {
		user, nonRoot := pod.SecurityContext.RunAsUser, pod.SecurityContext.RunAsNonRoot
		if c.SecurityContext.RunAsUser != nil {
			user = c.SecurityContext.RunAsUser
		}
		if c.SecurityContext.RunAsNonRoot != nil {
			nonRoot = c.SecurityContext.RunAsNonRoot
		}
		return when(user == nil || *user == 0 || !is(nonRoot), "may run as root")
	}},
	{"secret-in-env", true, func(_ *corev1.PodSpec, c *corev1.Container) string {
		for _, variable := range c.Env {
			name := strings.ToUpper(variable.Name)
			if variable.Value != "" && (strings.Contains(name, "SECRET") || strings.Contains(name, "PASSWORD")) {
				return variable.Name + " holds a secret as plain text"
			}
		}
		return ""
	}},
}

// setRule looks at a StatefulSet among all objects of the file.
type setRule struct {
	name  string
	check func(set *appsv1.StatefulSet, all []object) string
}

var setRules = []setRule{
	{"service-account", func(set *appsv1.StatefulSet, all []object) string {
		name := set.Spec.Template.Spec.ServiceAccountName
		_, exists := find(all, func(o *corev1.ServiceAccount) bool { return o.Name == name && o.Namespace == set.Namespace })
		return when(name == "" || name == "default" || !exists, "runs under no ServiceAccount of its own")
	}},
	{"token", func(set *appsv1.StatefulSet, _ []object) string {
		mounts := set.Spec.Template.Spec.AutomountServiceAccountToken
		return when(mounts == nil || *mounts, "mounts a ServiceAccount's token")
	}},
	{"service-links", func(set *appsv1.StatefulSet, _ []object) string {
		links := set.Spec.Template.Spec.EnableServiceLinks
		return when(links == nil || *links, "enableServiceLinks is not false")
	}},
	{"anti-affinity", func(set *appsv1.StatefulSet, _ []object) string {
		affinity := set.Spec.Template.Spec.Affinity
		if *set.Spec.Replicas < 2 {
			return ""
		}
		if affinity == nil || affinity.PodAntiAffinity == nil {
			return "has no podAntiAffinity"
		}
		for _, term := range affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution {
			if term.TopologyKey == corev1.LabelHostname && selects(term.LabelSelector, set.Spec.Template.Labels) {
				return ""
			}
		}
		return "does not keep its pods on different nodes"
	}},
	{"spread", func(set *appsv1.StatefulSet, _ []object) string {
		for _, spread := range set.Spec.Template.Spec.TopologySpreadConstraints {
			if !selects(spread.LabelSelector, set.Spec.Template.Labels) {
				return "a topologySpreadConstraint selects other pods"
			}
		}
		return ""
	}},
	{"selector", func(set *appsv1.StatefulSet, all []object) string {
		for _, one := range all {
			other := podsOf(one)
			if other != nil && selects(set.Spec.Selector, other.Spec.Template.Labels) != (other.Name == set.Name) {
				return "its selector and the pods of " + one.name + " do not go together"
			}
		}
		return ""
	}},
	{"governing-service", func(set *appsv1.StatefulSet, all []object) string {
		service, found := find(all, func(o *corev1.Service) bool {
			return o.Name == set.Spec.ServiceName && o.Namespace == set.Namespace
		})
		if !found || service.Spec.ClusterIP != corev1.ClusterIPNone || !service.Spec.PublishNotReadyAddresses {
			return "serviceName is no headless Service that publishes addresses before they are ready"
		}
		for _, one := range all {
			other := podsOf(one)
			has := labels.SelectorFromSet(service.Spec.Selector)
			if other != nil && has.Matches(labels.Set(other.Spec.Template.Labels)) != (other.Name == set.Name) {
				return "its Service and the pods of " + one.name + " do not go together"
			}
		}
		return servicePorts(service, set)
	}},
	{"budget", func(set *appsv1.StatefulSet, all []object) string {
		_, found := find(all, func(o *policyv1.PodDisruptionBudget) bool {
			return o.Namespace == set.Namespace && selects(o.Spec.Selector, set.Spec.Template.Labels) &&
				o.Spec.MaxUnavailable != nil && o.Spec.MaxUnavailable.IntVal == 1
		})
		return when(!found, "no PodDisruptionBudget lets one of its pods go")
	}},
	{"retention", func(set *appsv1.StatefulSet, _ []object) string {
		policy := set.Spec.PersistentVolumeClaimRetentionPolicy
		return when(policy == nil || policy.WhenDeleted != appsv1.RetainPersistentVolumeClaimRetentionPolicyType ||
			policy.WhenScaled != appsv1.RetainPersistentVolumeClaimRetentionPolicyType, "claims may be deleted")
	}},
	{"volumes", checkVolumes},
}

func checkVolumes(set *appsv1.StatefulSet, all []object) string {
	pod := &set.Spec.Template.Spec
	used := map[string]bool{}
	for _, claim := range set.Spec.VolumeClaimTemplates {
		used[claim.Name] = false
	}
	for _, volume := range pod.Volumes {
		used[volume.Name] = false
		if volume.ConfigMap == nil {
			continue
		}
		name := volume.ConfigMap.Name
		if _, found := find(all, func(o *corev1.ConfigMap) bool { return o.Name == name && o.Namespace == set.Namespace }); !found {
			return "ConfigMap " + name + " is not in the file"
		}
	}
	for _, container := range containersOf(pod) {
		for _, mount := range container.VolumeMounts {
			if _, exists := used[mount.Name]; !exists {
				return container.Name + " mounts " + mount.Name + ", which is no volume"
			}
			used[mount.Name] = true
		}
	}
	for name, isUsed := range used {
		if !isUsed {
			return "nothing mounts " + name
		}
	}
	return ""
}

func servicePorts(service *corev1.Service, set *appsv1.StatefulSet) string {
	have := map[string]int32{}
	for _, container := range set.Spec.Template.Spec.Containers {
		for _, port := range container.Ports {
			have[port.Name] = port.ContainerPort
		}
	}
	for _, port := range service.Spec.Ports {
		if have[port.Name] != port.Port {
			return fmt.Sprintf("no container has the port %s (%d) of its Service", port.Name, port.Port)
		}
		delete(have, port.Name)
	}
	return when(len(have) > 0, "a container's port is not in its Service")
}

func badImage(image string) string {
	last := image[strings.LastIndex(image, "/")+1:]
	_, tag, hasTag := strings.Cut(last, ":")
	return when(!strings.Contains(last, "@sha256:") && (!hasTag || tag == "latest"), image+" has no fixed version")
}

func when(isWrong bool, text string) string {
	if isWrong {
		return text
	}
	return ""
}

func is(flag *bool) bool { return flag != nil && *flag }

func selects(selector *metav1.LabelSelector, have map[string]string) bool {
	parsed, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && !parsed.Empty() && parsed.Matches(labels.Set(have))
}

func find[T any](all []object, isIt func(T) bool) (T, bool) {
	var none T
	for _, one := range all {
		if typed, matches := one.typed.(T); matches && isIt(typed) {
			return typed, true
		}
	}
	return none, false
}

func containersOf(pod *corev1.PodSpec) []*corev1.Container {
	var all []*corev1.Container
	for i := range pod.InitContainers {
		all = append(all, &pod.InitContainers[i])
	}
	for i := range pod.Containers {
		all = append(all, &pod.Containers[i])
	}
	return all
}

func checkRules(objects []object, accepted exceptions, report func(object, string)) {
	for _, one := range objects {
		set := podsOf(one)
		if set == nil {
			continue
		}
		for _, rule := range setRules {
			if wrong := rule.check(set, objects); wrong != "" && !accepted.accepts(rule.name, one.name) {
				report(one, rule.name+": "+wrong)
			}
		}
		pod := &set.Spec.Template.Spec
		for i, container := range containersOf(pod) {
			for _, rule := range containerRules {
				if i < len(pod.InitContainers) && !rule.isInit {
					continue
				}
				wrong := rule.check(pod, container)
				if wrong != "" && !accepted.accepts(rule.name, one.name+"/"+container.Name) {
					report(one, rule.name+": "+container.Name+": "+wrong)
				}
			}
		}
	}
}
