{{/* (root, component): one pod away at a time, and never in the way of a drain when pods are broken. */}}
{{- define "django.disruptionBudget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
{{ include "django.metadata" . }}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "django.selector" . | nindent 6 }}
{{- end }}
