{{/* Files: where they are mounted and what they are made of. */}}
{{- define "django.validate.files" -}}
{{- $keys := dict }}
{{- range $path, $file := .Values.files }}
{{- if not (hasPrefix "/" $path) }}
  {{- printf "files: %s is not an absolute path." $path | fail }}
{{- end }}
{{- if kindIs "map" $file }}
{{- if not (and $file.key (or $file.secret $file.configMap)) }}
  {{- fail (printf (print "files: %s must name a key of a Secret or a ConfigMap. "
    "Write {secret: NAME, key: KEY} or {configMap: NAME, key: KEY}.") $path) }}
{{- end }}
{{- else }}
{{- $key := include "django.fileKey" $path }}
{{- if hasKey $keys $key }}
  {{- printf "files: %s and %s have the same key in the ConfigMap. Rename one of them." (get $keys $key) $path | fail }}
{{- end }}
{{- $_ := set $keys $key $path }}
{{- end }}
{{- end }}
{{- end }}
