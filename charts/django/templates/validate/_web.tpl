{{/* A stop of web, its rollout and its scaler. */}}
{{- define "django.validate.web" -}}
{{- with .Values.web }}
{{- $scaler := .autoscaling }}
{{- if lt (int .drainSeconds) 1 }}
  {{- fail "web.drainSeconds is below 1: routing would still send requests to a pod that has stopped." }}
{{- end }}
{{- if lt (int .graceSeconds) (add (int .drainSeconds) 10) }}
  {{- fail (print
    "web.graceSeconds has to exceed web.drainSeconds by 10 or more: "
    "the last requests need time after the drain.") }}
{{- end }}
{{- if and $scaler.enabled (gt (int $scaler.minReplicas) (int $scaler.maxReplicas)) }}
  {{- fail "web.autoscaling.minReplicas exceeds maxReplicas." }}
{{- end }}
{{- if and $scaler.enabled (not $scaler.targetCPU) (not $scaler.metrics) }}
  {{- fail "web.autoscaling has nothing to go by. Set targetCPU or metrics." }}
{{- end }}
{{- if and (eq (toString .maxSurge) "0") (eq (toString .maxUnavailable) "0") }}
  {{- fail "web.maxSurge and web.maxUnavailable are both 0: no rollout could begin." }}
{{- end }}
{{- end }}
{{- end }}
