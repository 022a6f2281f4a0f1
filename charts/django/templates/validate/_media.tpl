{{/* One place for uploads. */}}
{{- define "django.validate.media" -}}
{{- if and .Values.media.enabled (hasKey .Values.env "MEDIA_S3_BUCKET") }}
  {{- fail "media.enabled keeps uploads in a volume, and env.MEDIA_S3_BUCKET in a bucket. Remove one of them." }}
{{- end }}
{{- end }}
