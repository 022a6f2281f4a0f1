{{/* Fields that need a newer Kubernetes than the chart does. An older one drops them without a word. */}}
{{- define "django.validate.kubernetes" -}}
{{- $needs := dict }}
{{- with .Values.web.service.trafficDistribution }}
{{- $_ := set $needs "web.service.trafficDistribution" (eq . "PreferClose" | ternary "1.31" "1.34") }}
{{- end }}
{{- $pods := dict "pod" .Values.pod "web.pod" .Values.web.pod "scheduler.pod" .Values.scheduler.pod }}
{{- $_ := set $pods "workerDefaults.pod" .Values.workerDefaults.pod }}
{{- range $name, $worker := .Values.workers }}
{{- $_ := set $pods (printf "workers.%s.pod" $name) (($worker | default dict).pod | default dict) }}
{{- end }}
{{- range $where, $pod := $pods }}
{{- if not (kindIs "invalid" $pod.hostUsers) }}
{{- $_ := set $needs (printf "%s.hostUsers" $where) "1.33" }}
{{- end }}
{{- if $pod.supplementalGroupsPolicy }}
{{- $_ := set $needs (printf "%s.supplementalGroupsPolicy" $where) "1.33" }}
{{- end }}
{{- end }}
{{- range $value, $minimum := $needs }}
{{- if semverCompare (printf "<%s.0-0" $minimum) $.Capabilities.KubeVersion.Version }}
  {{- fail (print
    $value " needs Kubernetes " $minimum " or newer, and this is " $.Capabilities.KubeVersion.Version ". "
    "Remove it, or upgrade the cluster.") }}
{{- end }}
{{- end }}
{{- end }}
