{{/* Somebody has to migrate. */}}
{{- define "django.validate.migrate" -}}
{{- if and (eq .Values.migrate.mode "scheduler") (not (include "django.scheduler" .)) }}
  {{- fail "migrate.mode is scheduler, but there is no scheduler pod. Set migrate.mode to job." }}
{{- end }}
{{- end }}
