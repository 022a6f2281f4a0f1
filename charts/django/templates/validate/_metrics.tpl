{{/* Whoever reads metrics needs them served, and a last scrape needs time. */}}
{{- define "django.validate.metrics" -}}
{{- $v := .Values }}
{{- range $what := list "podMonitor" "rules" }}
{{- if and (get $v.metrics $what).enabled (not $v.metrics.enabled) }}
  {{- printf "metrics.%s.enabled needs what metrics.enabled serves. Set both." $what | fail }}
{{- end }}
{{- end }}
{{- if lt (int $v.web.graceSeconds) (add (int $v.web.drainSeconds) (int $v.metrics.lingerSeconds) 10) }}
  {{- fail "web.graceSeconds must exceed the sum of web.drainSeconds and metrics.lingerSeconds by at least 10." }}
{{- end }}
{{- end }}
