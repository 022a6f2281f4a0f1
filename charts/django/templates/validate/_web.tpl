{{/* A stop of web, its rollout and its scaler. */}}
{{- define "django.validate.web" -}}
{{- with .Values.web }}
{{- $scaler := .autoscaling }}
{{- if lt (int .drainSeconds) 1 }}
  {{- fail "web.drainSeconds is below 1: requests would still be routed to a pod that has stopped. Raise it." }}
{{- end }}
{{- if lt (int .graceSeconds) (add (int .drainSeconds) 10) }}
  {{- fail (print
    "web.graceSeconds must exceed web.drainSeconds by at least 10: "
    "the last requests need time after the drain.") }}
{{- end }}
{{- if and $scaler.enabled (gt (int $scaler.minReplicas) (int $scaler.maxReplicas)) }}
  {{- fail "web.autoscaling.minReplicas exceeds maxReplicas. Lower it, or raise maxReplicas." }}
{{- end }}
{{- if and $scaler.enabled (not $scaler.targetCPU) (not $scaler.metrics) }}
  {{- fail "web.autoscaling has no metric to scale by. Set targetCPU or metrics." }}
{{- end }}
{{- $env := merge (dict) .env $.Values.env }}
{{- $largest := get $env "WEB_MAX_BODY_MB" }}
{{- $tmp := .pod.tmpSize | default $.Values.pod.tmpSize }}
{{- $needed := 0 }}
{{- $room := 0 }}
{{- $copies := ternary 2 1 (eq (get $env "WEB_INTERFACE" | toString) "asgi") }}
{{- if and $largest $tmp (not (kindIs "map" $largest)) (not (get $env "WEB_UPLOADS_MB")) }}
  {{- $needed = mul 5 $copies (include "django.scalar" $largest | int64) }}
  {{- $room = mul 4 (include "django.mebibytes" $tmp | int64) }}
{{- end }}
{{- $twice := ternary " (under ASGI each takes twice its size)" "" (eq $copies 2) }}
{{- if gt $needed $room }}
  {{- fail (printf (print "WEB_MAX_BODY_MB is %s, and /tmp of web holds %s, of which uploads may take four fifths%s. "
    "Raise web.pod.tmpSize, and the ephemeral-storage of web.resources with it.")
    (include "django.scalar" $largest) $tmp $twice) }}
{{- end }}
{{- if and (eq (toString .maxSurge) "0") (eq (toString .maxUnavailable) "0") }}
  {{- fail "web.maxSurge and web.maxUnavailable are both 0, so no rollout could begin. Raise one of them." }}
{{- end }}
{{- end }}
{{- end }}
