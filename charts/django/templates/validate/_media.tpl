{{/* One place for uploads. */}}
{{- define "django.validate.media" -}}
{{- range $name := list "MEDIA_S3_BUCKET" "MEDIA_GCS_BUCKET" "MEDIA_AZURE_CONTAINER" }}
{{- if and $.Values.media.enabled (hasKey $.Values.env $name) }}
  {{- printf "media.enabled keeps uploads in a volume, and env.%s in a bucket. Remove one of them." $name | fail }}
{{- end }}
{{- end }}
{{- end }}
