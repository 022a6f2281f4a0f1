{{/*
What follows from the values and several templates need. A template can only return text, so a helper that has the
argument `into` returns nothing and adds its result to that dict.
*/}}

{{/*
(root) -> "true" if the project uses Celery, else empty. With --reuse-values, the values may be those of an older chart,
which did not have this one.
*/}}
{{- define "django.celery" -}}
{{- if ne (toString .Values.celery) "false" }}true{{ end }}
{{- end }}

{{/* (root) -> "true" if there is a scheduler pod: it has beat, a shell or both. */}}
{{- define "django.scheduler" -}}
{{- if and .Values.scheduler.enabled (or (include "django.celery" .) .Values.scheduler.shell.enabled) }}true{{ end }}
{{- end }}

{{/* (root) -> "true" if a HorizontalPodAutoscaler of the chart owns the number of web pods. */}}
{{- define "django.webScaled" -}}
{{- if and .Values.web.enabled .Values.web.autoscaling.enabled (not .Values.staging.enabled) }}true{{ end }}
{{- end }}

{{/*
(root, into): the workers that run, by name. Each has its values over workerDefaults, its component, and `scaled`, which
says whether a scaler of the chart owns its number of pods.
*/}}
{{- define "django.workers" -}}
{{- if include "django.celery" .root -}}
{{- range $name, $own := .root.Values.workers -}}
{{- $worker := mergeOverwrite (deepCopy $.root.Values.workerDefaults) (deepCopy ($own | default dict)) -}}
{{- if $worker.enabled -}}
{{- $scaler := or $worker.autoscaling $worker.keda -}}
{{- $_ := set $worker "component" (printf "worker-%s" $name) -}}
{{- $_ := set $worker "scaled" (and $scaler (not $.root.Values.staging.enabled)) -}}
{{- $_ := set $.into $name $worker -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* (root, into): the daemons that run, by name, as django.workers gives the workers. */}}
{{- define "django.daemons" -}}
{{- range $name, $own := .root.Values.daemons -}}
{{- $daemon := mergeOverwrite (deepCopy $.root.Values.daemonDefaults) (deepCopy ($own | default dict)) -}}
{{- if $daemon.enabled -}}
{{- $scaler := or $daemon.autoscaling $daemon.keda -}}
{{- $_ := set $daemon "component" (printf "daemon-%s" $name) -}}
{{- $_ := set $daemon "scaled" (and $scaler (not $.root.Values.staging.enabled)) -}}
{{- $_ := set $.into $name $daemon -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* (a value) -> its text. Helm reads 1000000 as 1e+06; a whole number is printed as one. */}}
{{- define "django.scalar" -}}
{{- if and (kindIs "float64" .) (eq . (floor .)) -}}
{{ int64 . }}
{{- else -}}
{{ . }}
{{- end }}
{{- end }}

{{/* (a quantity) -> whole MiB. */}}
{{- define "django.mebibytes" -}}
{{- $unit := regexFind "[a-zA-Z]*$" . -}}
{{- $bytes := dict "" 1.0 "m" 0.001 -}}
{{- $thousand := 1.0 -}}
{{- $ki := 1.0 -}}
{{- range $letter := list "k" "M" "G" "T" "P" "E" -}}
{{- $thousand = mulf $thousand 1000.0 -}}
{{- $ki = mulf $ki 1024.0 -}}
{{- $_ := set $bytes $letter $thousand -}}
{{- $_ := set $bytes (printf "%si" $letter) $ki -}}
{{- end -}}
{{- $number := trimSuffix $unit . | float64 -}}
{{- divf (mulf $number (get $bytes $unit)) 1048576.0 | floor | int64 -}}
{{- end }}
