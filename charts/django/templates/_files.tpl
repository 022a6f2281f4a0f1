{{/* The value files: content in a ConfigMap of the release, or keys of other ConfigMaps and Secrets. */}}

{{/* (path) -> the key of a file's content in the ConfigMap. */}}
{{- define "django.fileKey" -}}
{{ regexReplaceAll "[^A-Za-z0-9._-]" (trimPrefix "/" .) "-" }}
{{- end }}

{{/* (a file from elsewhere) -> the name of its volume. */}}
{{- define "django.fileVolume" -}}
{{ hasKey . "secret" | ternary "secret" "config" }}-{{ (.secret | default .configMap) | replace "." "-" | trunc 50 }}
{{- end }}

{{/* (root) -> the volumes of all files, each once. */}}
{{- define "django.fileVolumes" -}}
{{- $volumes := list -}}
{{- range $path, $file := .Values.files -}}
{{- $source := dict "configMap" (dict "name" (printf "%s-files" (include "django.fullname" $))) -}}
{{- $name := "files" -}}
{{- if kindIs "map" $file -}}
{{- $name = include "django.fileVolume" $file -}}
{{- $source = dict "configMap" (dict "name" $file.configMap) -}}
{{- if $file.secret -}}
{{- $source = dict "secret" (dict "secretName" $file.secret) -}}
{{- end -}}
{{- end -}}
{{- $volumes = append $volumes (set $source "name" $name) -}}
{{- end -}}
{{- with uniq $volumes -}}
{{ toYaml . }}
{{- end -}}
{{- end }}
