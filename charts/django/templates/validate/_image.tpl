{{/* An image with a tag of its own for each release: rollouts and migrations notice a release by its name. */}}
{{- define "django.validate.image" -}}
{{- $image := .Values.image }}
{{- $last := splitList "/" $image | last }}
{{- if not $image }}
  {{- fail "image is missing. Name it: --set image=registry.example.com/shop:1.4.2" }}
{{- end }}
{{- if not (or (contains "@sha256:" $last) (contains ":" $last)) }}
  {{- printf "image %s has no tag. Add the tag of one release, such as :1.4.2, or a digest." $image | fail }}
{{- end }}
{{- if hasSuffix ":latest" $last }}
  {{- fail (print
    "image has the tag latest, which moves: neither rollouts nor migrations would see a new release. "
    "Use a tag of its own for each release.") }}
{{- end }}
{{- end }}
