{{/* The Secret of External Secrets Operator. */}}
{{- define "django.validate.secret" -}}
{{- $external := .Values.secret.external }}
{{- if and $external.enabled (not (and $external.store $external.key)) }}
  {{- fail "secret.external needs store and key. Set both." }}
{{- end }}
{{- if and $external.enabled .Values.staging.enabled (not .Values.secret.name) }}
  {{- fail "secret.external in staging needs secret.name: the name of the Secret that it creates." }}
{{- end }}
{{- end }}
