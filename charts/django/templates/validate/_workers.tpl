{{/* Names, stops and scalers of workers, also of those that do not run at present. */}}
{{- define "django.validate.workers" -}}
{{- $v := .Values }}
{{- $counted := or $v.scheduler.enabled (not (include "django.celery" .)) }}
{{- range $name, $own := $v.workers }}
{{- $worker := mergeOverwrite (deepCopy $v.workerDefaults) (deepCopy ($own | default dict)) }}
{{- if not (include "django.validName" $name) }}
  {{- printf "workers.%s: a name has at most 20 characters, of a-z, 0-9 and -." $name | fail }}
{{- end }}
{{- if lt (int $worker.graceSeconds) 15 }}
  {{- printf "workers.%s.graceSeconds is below 15: unfinished tasks are requeued 10 s before it ends." $name | fail }}
{{- end }}
{{- if and $v.metrics.enabled (lt (int $worker.graceSeconds) (add (int $v.metrics.lingerSeconds) 15)) }}
  {{- fail (print
    "workers." $name ".graceSeconds must exceed metrics.lingerSeconds by at least 15: "
    "a worker waits for its last scrape after its tasks.") }}
{{- end }}
{{- include "django.validate.scalers" (dict "of" (printf "workers.%s" $name) "values" $worker) }}
{{- if and $worker.keda (not $worker.keda.triggers) (not $counted) }}
  {{- fail (print
    "workers." $name ".keda scales by the tasks that the scheduler counts, but scheduler.enabled is false. "
    "Enable it, or set triggers.") }}
{{- end }}
{{- end }}
{{- end }}

{{/* (of, values): the scalers of a worker or a daemon. */}}
{{- define "django.validate.scalers" -}}
{{- $keda := .values.keda }}
{{- if and .values.autoscaling $keda }}
  {{- printf "%s has both autoscaling and keda, which would fight over its replicas. Keep one." .of | fail }}
{{- end }}
{{- if and $keda.fallback (not (hasKey $keda.fallback "replicas")) }}
  {{- printf "%s.keda.fallback needs replicas, the number of pods to fall back to. Set it." .of | fail }}
{{- end }}
{{- end }}

{{/* (a name) -> "true" if it can be a part of the names of objects. */}}
{{- define "django.validName" -}}
{{- if regexMatch "^[a-z]([a-z0-9-]{0,18}[a-z0-9])?$" . }}true{{ end }}
{{- end }}
