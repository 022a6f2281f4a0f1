{{/* Names, commands, stops and scalers of daemons, also of those that do not run at present. */}}
{{- define "django.validate.daemons" -}}
{{- range $name, $own := .Values.daemons }}
{{- $daemon := mergeOverwrite (deepCopy $.Values.daemonDefaults) (deepCopy ($own | default dict)) }}
{{- $drain := eq (int $daemon.port) 0 | ternary 0 (int $daemon.drainSeconds) }}
{{- if not (include "django.validName" $name) }}
  {{- printf "daemons.%s: a name has at most 20 characters, of a-z, 0-9 and -." $name | fail }}
{{- end }}
{{- if not $daemon.command }}
  {{- printf "daemons.%s.command is missing. Set it to a management command, such as [%s]." $name $name | fail }}
{{- end }}
{{- if eq (first $daemon.command) "manage" }}
  {{- printf "daemons.%s.command begins with manage. Remove that word: the management command comes first." $name | fail }}
{{- end }}
{{- if eq (int $daemon.port) 8001 }}
  {{- printf "daemons.%s.port is 8001, where the probes are answered. Choose another port." $name | fail }}
{{- end }}
{{- if and $daemon.port (lt (int $daemon.drainSeconds) 1) }}
  {{- printf "daemons.%s.drainSeconds is below 1: connections would still be routed to a pod that has stopped." $name | fail }}
{{- end }}
{{- if lt (int $daemon.graceSeconds) (add $drain 5) }}
  {{- printf "daemons.%s.graceSeconds must be at least %d, because its command needs time to end." $name (add $drain 5) | fail }}
{{- end }}
{{- include "django.validate.scalers" (dict "of" (printf "daemons.%s" $name) "values" $daemon) }}
{{- if and $daemon.keda (not $daemon.keda.triggers) }}
  {{- printf "daemons.%s.keda has no triggers. Set them: nothing else says what it should scale by." $name | fail }}
{{- end }}
{{- $several := or $daemon.autoscaling $daemon.keda (ne (toString $daemon.replicas) "1") }}
{{- if and (eq $daemon.strategy "Recreate") $several }}
  {{- printf "daemons.%s.strategy is Recreate, so that it never runs twice, but it has several pods. Set replicas to 1." $name | fail }}
{{- end }}
{{- end }}
{{- end }}
