{{/*
(root, what) -> a secret text. It is derived from the seed, the namespace and the release, so that two renders are the
same.
*/}}
{{- define "django.derived" -}}
{{ printf "%s/%s/%s/%s" .root.Values.staging.secretSeed .root.Release.Namespace .root.Release.Name .what | sha256sum }}
{{- end }}

{{/* (root) -> the data of the staging Secret; nothing outside of staging. */}}
{{- define "django.stagingData" -}}
{{- if .Values.staging.enabled -}}
{{- $password := include "django.derived" (dict "root" . "what" "redis") -}}
{{- $url := printf "redis://:%s@%s-redis:6379/0" $password (include "django.fullname" .) -}}
{{- $persistence := .Values.staging.persistent | ternary "appendonly yes" `save ""` -}}
SECRET_KEY: {{ include "django.derived" (dict "root" . "what" "django") | b64enc }}
DATABASE_NAME: {{ b64enc "django" }}
DATABASE_USER: {{ b64enc "django" }}
DATABASE_PASSWORD: {{ include "django.derived" (dict "root" . "what" "postgres") | b64enc }}
REDIS_URL: {{ b64enc $url }}
redis.conf: {{ printf "requirepass %s\ndir /data\n%s" $password $persistence | b64enc }}
{{- end }}
{{- end }}
