{{/* The number of pods, and how many may be away. */}}

{{/*
(root, replicas, scaled) -> the replicas of a Deployment; nothing if a scaler owns them, the chart's or another.
*/}}
{{- define "django.replicas" -}}
{{- if .root.Values.staging.enabled -}}
replicas: 1
{{- else if not (or .scaled (kindIs "invalid" .replicas)) -}}
replicas: {{ .replicas }}
{{- end }}
{{- end }}

{{/*
(root, component, enabled, replicas, scaled) -> a PodDisruptionBudget: one pod away at a time. Broken pods never keep a
node from being drained, nor does a single pod.
*/}}
{{- define "django.disruptionBudget" -}}
{{- if and .enabled (not .root.Values.staging.enabled) (or .scaled (ne (toString .replicas) "1")) -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
{{ include "django.metadata" (dict "root" .root "component" .component) }}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "django.selector" . | nindent 6 }}
{{- end }}
{{- end }}

{{/* (root, component, spec) -> a HorizontalPodAutoscaler of a component's Deployment. */}}
{{- define "django.scaler" -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
{{ include "django.metadata" (dict "root" .root "component" .component) }}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: {{ include "django.fullname" .root }}-{{ .component }}}
  {{- toYaml .spec | nindent 2 }}
{{- end }}

{{/* (root, component, keda) -> a ScaledObject of a component's Deployment, up to its list of triggers. */}}
{{- define "django.scaledObject" -}}
apiVersion: keda.sh/v1alpha1
kind: ScaledObject
{{ include "django.metadata" (dict "root" .root "component" .component) }}
spec:
  scaleTargetRef: {name: {{ include "django.fullname" .root }}-{{ .component }}}
  minReplicaCount: {{ .keda.minReplicas | default 0 }}
  maxReplicaCount: {{ .keda.maxReplicas | default 10 }}
  cooldownPeriod: {{ .keda.cooldownPeriod | default 300 }}
  {{- with .keda.fallback }}
  fallback: {{ mergeOverwrite (dict "failureThreshold" 3) . | toJson }}
  {{- end }}
  {{- with .keda.behavior }}
  advanced: {horizontalPodAutoscalerConfig: {behavior: {{ toJson . }}}}
  {{- end }}
  triggers:
{{- end }}
