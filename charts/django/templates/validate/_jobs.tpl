{{/* Jobs and cron jobs. */}}
{{- define "django.validate.jobs" -}}
{{- range $kind, $entries := dict "jobs" .Values.jobs "cronJobs" .Values.cronJobs }}
{{- range $name, $job := $entries }}
{{- if not (include "django.validName" $name) }}
  {{- printf "%s.%s: a name has at most 20 characters, of a-z, 0-9 and -." $kind $name | fail }}
{{- end }}
{{- if not ($job | default dict).args }}
  {{- fail (print
    $kind "." $name ".args is missing. "
    "Set it to a role and its arguments, such as [manage, clearsessions].") }}
{{- end }}
{{- if and (eq $kind "cronJobs") (not $job.schedule) }}
  {{- printf "cronJobs.%s.schedule is missing. Set it, for example to \"0 3 * * *\"." $name | fail }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
