{{/* A throw-away environment has its own stores, and nothing that is worth keeping. */}}
{{- define "django.validate.staging" -}}
{{- $v := .Values }}
{{- if $v.staging.enabled }}
{{- if lt (len $v.staging.secretSeed) 16 }}
  {{- fail (print
    "staging.secretSeed is missing or shorter than 16 characters. "
    "Set it to a random text, and keep it for each upgrade of this environment.") }}
{{- end }}
{{- if or $v.stores.postgresHost $v.stores.redisHost }}
  {{- fail (print
    "staging.enabled deploys its own PostgreSQL and Redis, but stores names managed ones. "
    "Remove one of them.") }}
{{- end }}
{{- range list "DATABASE_URL" "DATABASE_HOST" "REDIS_URL" "CELERY_BROKER_URL" "CACHE_URL" }}
{{- if hasKey $v.env . }}
  {{- fail (print
    "staging.enabled deploys its own PostgreSQL and Redis, but env." . " names another. "
    "Remove one of them.") }}
{{- end }}
{{- end }}
{{- if eq $v.environment "production" }}
  {{- fail (print
    "staging.enabled throws its data away, and environment is production. "
    "Set environment to the name of this one, such as pr-123.") }}
{{- end }}
{{- else if $v.staging.seed }}
  {{- fail "staging.seed would fill a database that is not thrown away. Use jobs, or set staging.enabled." }}
{{- end }}
{{- end }}
