{{/*
(root, what) -> a secret text of 64 characters. It follows from the seed, the namespace and the release, so two renders
are the same. The derivation is slow (scrypt), so whoever knows one of these texts cannot try many seeds against it. No
name, label, annotation or ConfigMap may contain or hash such a text.
*/}}
{{- define "django.derived" -}}
{{- $place := printf "%s/%s" .root.Release.Namespace .root.Release.Name -}}
{{ derivePassword 1 "maximum" .root.Values.staging.secretSeed $place .what | sha256sum }}
{{- end }}

{{/* (root) -> the data of the staging Secret. Its keys are those of django.stagingKeys, and redis.conf. */}}
{{- define "django.stagingData" -}}
{{- $fullname := include "django.fullname" . -}}
{{- $database := include "django.derived" (dict "root" . "what" "postgres") -}}
{{- $redis := include "django.derived" (dict "root" . "what" "redis") -}}
{{- $persistence := .Values.staging.persistent | ternary "appendonly yes" `save ""` -}}
SECRET_KEY: {{ include "django.derived" (dict "root" . "what" "django") | b64enc }}
DATABASE_URL: {{ printf "postgres://django:%s@%s-postgres:5432/django" $database $fullname | b64enc }}
DATABASE_PORT: {{ b64enc "5432" }}
DATABASE_NAME: {{ b64enc "django" }}
DATABASE_USER: {{ b64enc "django" }}
DATABASE_PASSWORD: {{ b64enc $database }}
REDIS_URL: {{ printf "redis://:%s@%s-redis:6379/0" $redis $fullname | b64enc }}
redis.conf: {{ printf "requirepass %s\ndir /data\n%s" $redis $persistence | b64enc }}
{{- end }}

{{/* (root) -> the variables of the staging Secret, as JSON; none outside of staging. */}}
{{- define "django.stagingKeys" -}}
{{- $keys := list -}}
{{- if .Values.staging.enabled -}}
{{- $keys = list
  "SECRET_KEY" "DATABASE_URL" "DATABASE_PORT" "DATABASE_NAME" "DATABASE_USER" "DATABASE_PASSWORD" "REDIS_URL" -}}
{{- end -}}
{{ toJson $keys }}
{{- end }}
