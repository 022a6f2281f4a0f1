{{/* Variables in every env: their names, and what may not stand in a ConfigMap or a pod. */}}
{{- define "django.validate.environment" -}}
{{- $v := .Values }}
{{- $envs := dict "env" $v.env }}
{{- range $section := list "web" "scheduler" "migrate" "workerDefaults" }}
{{- $_ := set $envs (printf "%s.env" $section) (get $v $section).env }}
{{- end }}
{{- range $kind := list "workers" "jobs" "cronJobs" }}
{{- range $name, $entry := get $v $kind }}
{{- $_ := set $envs (printf "%s.%s.env" $kind $name) (($entry | default dict).env | default dict) }}
{{- end }}
{{- end }}
{{- $secret := include "django.secretName" . | default "that secret.name names" }}
{{- range $where, $env := $envs }}
{{- range $name, $value := $env }}
{{- if not (regexMatch "^[A-Za-z_][A-Za-z0-9_]*$" $name) }}
  {{- printf "%s: %q is not the name of a variable." $where $name | fail }}
{{- end }}
{{- if has $name (list "PORT" "PROBE_PORT" "STATE_DIR") }}
  {{- printf "%s.%s would differ from what probes and Services expect. Remove it." $where $name | fail }}
{{- end }}
{{- $debug := and (eq $name "DEBUG") (not (has (toString $value) (list "false" "0" ""))) }}
{{- if and $debug (not $v.staging.enabled) }}
  {{- printf "%s.DEBUG shows settings and source to everybody. Set it in staging environments only." $where | fail }}
{{- end }}
{{- $named := regexMatch "(^|_)(SECRET_KEY|PASSWORD|TOKEN|LICENSE_KEY)$" $name }}
{{- $credentials := regexMatch "://[^/]*:[^/]*@" (toString $value) }}
{{- if and (not (kindIs "map" $value)) (or $named $credentials) }}
  {{- fail (print
    $where "." $name " looks secret, and everybody who may see a pod can read it there. "
    "Put it into the Secret " $secret ".") }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
