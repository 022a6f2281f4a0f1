{{/* A throw-away environment has its own stores, and nothing that is worth keeping. */}}
{{- define "django.validate.staging" -}}
{{- $v := .Values }}
{{- if $v.staging.enabled }}
{{- $seed := $v.staging.secretSeed }}
{{- $half := div (len $seed) 2 | int }}
{{- $repeats := and $seed (eq (trunc $half $seed) (trunc (sub 0 $half | int) $seed)) }}
{{- /* One digit, or counting as in 1234... and aabbcc..., has few different steps from digit to digit. */}}
{{- $steps := dict }}
{{- $last := 0 }}
{{- range splitList "" (lower $seed) }}
  {{- $digit := splitList . "0123456789abcdef" | first | len }}
  {{- $_ := set $steps (mod (add 16 (sub $digit $last)) 16 | toString) true }}
  {{- $last = $digit }}
{{- end }}
{{- $varied := ge (len $steps) 8 }}
{{- $digits := and (regexMatch "^[0-9a-fA-F]+$" $seed) (ge (len $seed) 32) }}
{{- if or (not $digits) $repeats (not $varied) }}
  {{- fail (print
    "staging.secretSeed is missing or can be guessed. It must be 32 or more random hexadecimal digits. "
    "Make one with `openssl rand -hex 16`, and keep it for each upgrade of this environment.") }}
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
