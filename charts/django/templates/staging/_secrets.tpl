{{/* Everything secret in staging follows from the seed, the namespace and the release: two renders are the same. */}}
{{- define "django.derived" -}}
{{ printf "%s/%s/%s/%s" .root.Values.staging.secretSeed .root.Release.Namespace .root.Release.Name .what | sha256sum }}
{{- end }}

{{- define "django.stagingSecrets" -}}
{{- if .Values.staging.enabled -}}
{{- $redis := include "django.derived" (dict "root" . "what" "redis") -}}
SECRET_KEY: {{ include "django.derived" (dict "root" . "what" "django") }}
DATABASE_NAME: django
DATABASE_USER: django
DATABASE_PASSWORD: {{ include "django.derived" (dict "root" . "what" "postgres") }}
REDIS_URL: redis://:{{ $redis }}@{{ include "django.fullname" . }}-redis:6379/0
redis.conf: |
  requirepass {{ $redis }}
  dir /data
  {{- if .Values.staging.persistent }}
  appendonly yes
  {{- else }}
  save ""
  {{- end }}
{{- end }}
{{- end }}
