{{/* The names of the release's objects. */}}

{{/* (root) -> the start of every name: the Helm release's, or fullnameOverride. */}}
{{- define "django.fullname" -}}
{{- .Values.fullnameOverride | default .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end }}

{{/* (root) -> the name of the Secret with the variables. It is empty in staging, unless the values name one. */}}
{{- define "django.secretName" -}}
{{- if .Values.secret.name -}}
{{ .Values.secret.name }}
{{- else if not .Values.staging.enabled -}}
{{ include "django.fullname" . }}-env
{{- end }}
{{- end }}

{{/* (root) -> the name of the ServiceAccount of every pod. */}}
{{- define "django.serviceAccountName" -}}
{{- if .Values.serviceAccount.name -}}
{{ .Values.serviceAccount.name }}
{{- else if .Values.serviceAccount.create -}}
{{ include "django.fullname" . }}
{{- else -}}
default
{{- end }}
{{- end }}
