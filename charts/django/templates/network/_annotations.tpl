{{/* Annotations of the Ingress and the HTTPRoute. Each helper adds to the dict `into`. */}}

{{/* (root, into): the hosts, for external-dns. */}}
{{- define "django.externalDNS" -}}
{{- with .root.Values.externalDNS -}}
{{- if .enabled -}}
{{- /* The second prefix is that of releases before 0.22. */ -}}
{{- range $prefix := list "external-dns.kubernetes.io" "external-dns.alpha.kubernetes.io" -}}
{{- $_ := set $.into (printf "%s/hostname" $prefix) (join "," $.root.Values.hosts) -}}
{{- with $.root.Values.externalDNS.ttl -}}
{{- $_ := set $.into (printf "%s/ttl" $prefix) (toString .) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end }}

{{/* (root, into): what the Ingress's preset sets. */}}
{{- define "django.ingressPreset" -}}
{{- $web := .root.Values.web -}}
{{- with .root.Values.ingress -}}
{{- if eq .preset "cert-manager" -}}
{{- $_ := set $.into "cert-manager.io/cluster-issuer" .certManager.clusterIssuer -}}
{{- else if eq .preset "alb" -}}
{{- $deregistration := sub (int $web.graceSeconds) 10 | printf "deregistration_delay.timeout_seconds=%d" -}}
{{- $ports := .tls.enabled | ternary `[{"HTTP":80},{"HTTPS":443}]` `[{"HTTP":80}]` -}}
{{- $_ := set $.into "alb.ingress.kubernetes.io/scheme" .alb.scheme -}}
{{- $_ := set $.into "alb.ingress.kubernetes.io/target-type" "ip" -}}
{{- $_ := set $.into "alb.ingress.kubernetes.io/healthcheck-path" $web.readinessPath -}}
{{- $_ := set $.into "alb.ingress.kubernetes.io/healthcheck-interval-seconds" "10" -}}
{{- $_ := set $.into "alb.ingress.kubernetes.io/healthcheck-timeout-seconds" "5" -}}
{{- $_ := set $.into "alb.ingress.kubernetes.io/target-group-attributes" $deregistration -}}
{{- $_ := set $.into "alb.ingress.kubernetes.io/listen-ports" $ports -}}
{{- if .tls.enabled -}}
{{- $_ := set $.into "alb.ingress.kubernetes.io/ssl-redirect" "443" -}}
{{- end -}}
{{- with .alb.certificateArns -}}
{{- $_ := set $.into "alb.ingress.kubernetes.io/certificate-arn" (join "," .) -}}
{{- end -}}
{{- with .alb.group -}}
{{- $_ := set $.into "alb.ingress.kubernetes.io/group.name" . -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end }}
