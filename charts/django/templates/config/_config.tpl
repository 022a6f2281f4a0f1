{{/* (root) -> the environment of every role: what the chart knows, and over it what the project says. */}}
{{- define "django.config" -}}
{{- $v := .Values -}}
{{- $fullname := include "django.fullname" . -}}
{{- $https := or (and $v.ingress.enabled $v.ingress.tls.enabled) $v.gateway.enabled -}}
{{- $hosts := $v.hosts -}}
{{- $data := dict
  "ENVIRONMENT" $v.environment
  "LOG_FORMAT" $v.logFormat
  "DRAIN_SECONDS" $v.web.drainSeconds
  "WEB_GRACE_SECONDS" $v.web.graceSeconds -}}
{{- if $v.staging.enabled -}}
{{- $hosts = concat $hosts (list "localhost" "127.0.0.1" $fullname (printf "%s.%s" $fullname .Release.Namespace)) -}}
{{- end -}}
{{- with $v.web.pod.tmpSize | default $v.pod.tmpSize -}}
{{- /* The rest is for other files of the project. */ -}}
{{- $_ := set $data "WEB_UPLOADS_MB" (div (mul 4 (include "django.mebibytes" . | int64)) 5) -}}
{{- end -}}
{{- with $hosts -}}
{{- $_ := set $data "ALLOWED_HOSTS" (join "," .) -}}
{{- end -}}
{{- with $v.trustedProxies -}}
{{- $_ := set $data "TRUSTED_PROXIES" (join "," .) -}}
{{- end -}}
{{- if and $v.staging.enabled (not $https) -}}
{{- $_ := set $data "HTTPS" "false" -}}
{{- end -}}
{{- if $v.metrics.enabled -}}
{{- $_ := set $data "METRICS" "true" -}}
{{- end -}}
{{- with $v.metrics.lingerSeconds -}}
{{- $_ := set $data "METRICS_LINGER_SECONDS" . -}}
{{- end -}}
{{- if $v.media.enabled -}}
{{- $_ := set $data "MEDIA_ROOT" "/media" -}}
{{- end -}}
{{- if or $v.staging.enabled $v.stores.postgresHost -}}
{{- $_ := set $data "DATABASE_HOST" (printf "%s-postgres" $fullname) -}}
{{- end -}}
{{- range $name, $value := $v.env -}}
{{- if kindIs "map" $value -}}
{{- /* A ConfigMap holds text alone: the containers have this one in their env. */ -}}
{{- $_ := unset $data $name -}}
{{- else if not (kindIs "invalid" $value) -}}
{{- $_ := set $data $name (include "django.scalar" $value) -}}
{{- end -}}
{{- end -}}
{{- range $name, $value := $data }}
{{ $name }}: {{ $value | toString | quote }}
{{- end }}
{{- end }}
