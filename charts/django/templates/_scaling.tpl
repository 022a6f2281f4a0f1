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
