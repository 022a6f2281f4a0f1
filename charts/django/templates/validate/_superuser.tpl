{{/* The first administrator needs a password. */}}
{{- define "django.validate.superuser" -}}
{{- with .Values.superuser }}
{{- if and .username (not .secretName) (not $.Values.staging.enabled) }}
  {{- fail (print
    "superuser.secretName is missing. Name a Secret whose key " .secretKey " has the password. "
    "Create it with: kubectl create secret generic NAME --from-literal=" .secretKey "=PASSWORD") }}
{{- end }}
{{- if and (not .username) (or .email .secretName) }}
  {{- fail "superuser.username is missing, so no administrator would be created. Set it, or remove superuser." }}
{{- end }}
{{- end }}
{{- end }}
