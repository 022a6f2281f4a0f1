{{/* Fields that need a newer Kubernetes than the chart does. An older one drops them without a word. */}}
{{- define "django.validate.kubernetes" -}}
{{- $needs := dict }}
{{- with .Values.web.service.trafficDistribution }}
{{- $_ := set $needs "web.service.trafficDistribution" (eq . "PreferClose" | ternary "1.31" "1.34") }}
{{- end }}
{{- range $value, $minimum := $needs }}
{{- if semverCompare (printf "<%s.0-0" $minimum) $.Capabilities.KubeVersion.Version }}
  {{- fail (print
    $value " needs Kubernetes " $minimum " or newer, and this is " $.Capabilities.KubeVersion.Version ". "
    "Remove it, or upgrade the cluster.") }}
{{- end }}
{{- end }}
{{- end }}
